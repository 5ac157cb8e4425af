/** Text without the secrets in it. */
export type Blot = (text: string) => string;

const mark = '[redacted]';
/** A token of a result's address, whichever key has signed it: it ends with `~` and 43 characters. */
const resultToken = /[\w.~-]*~[\w-]{43}/g;

/** For text that somebody else has written. Each secret is replaced as it stands and as it would stand in a URL. */
export function createBlot(secrets: readonly string[]): Blot {
  const spellings = secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]);
  // The longest first: one may begin with another.
  const known = [...new Set(spellings)].filter((one) => one !== '').sort((a, b) => b.length - a.length);
  return (text) =>
    known.reduce((left, secret) => left.replaceAll(secret, mark), text).replaceAll(resultToken, mark);
}
