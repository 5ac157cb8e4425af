import type { Secrets } from './config/config.ts';

/** Returns the text without secrets: for whatever a peer has sent and that is kept, logged or passed on. */
export type Redact = (text: string) => string;

export const redacted = '[redacted]';

/** Shorter ones would take ordinary words with them, and protect nothing. */
const shortest = 4;

/**
 * The signature of a result's address, whichever key has made it. What stands before it is no secret, and a pattern for that would try
 * each of its characters as a beginning: the text may come from anybody.
 */
const resultTokens = /~[\w-]{43}/g;

/** A capability is known by its place in a path of ours, also if it is another flow's or one of yesterday. */
const capabilities = /(\/(?:results|connectors)\/[^/\s"'<>\\]+\/)[^/\s"'<>\\?#&]+/gi;

/**
 * Replaces each secret wherever it stands, in any case and in every spelling in which a server shows a request: percent-encoded (once or
 * again), escaped for JSON or HTML, or a mixture of these. Capability paths of the service lose their token, known or not.
 */
export function createRedactor(secrets: Iterable<string | undefined>): Redact {
  const known = Array.from(new Set(secrets), (secret = '') => secret).filter(
    ({ length }) => length >= shortest,
  );
  const least = Math.min(...known.map(({ length }) => length));
  const beginnings = lazily(() => new RegExp(known.map(beginningOf).map(anySpelling).join('|'), 'iu'));
  // The longest first: one may be the beginning of another.
  const longestFirst = known.toSorted((a, b) => b.length - a.length);
  const secretsThemselves = lazily(() => new RegExp(longestFirst.map(anySpelling).join('|'), 'giu'));
  function mayHoldSecret(text: string): boolean {
    return text.length >= least && beginnings().test(text);
  }
  return (text) => {
    const clean = mayHoldSecret(text) ? text.replaceAll(secretsThemselves(), redacted) : text;
    return clean.replaceAll(capabilities, `$1${redacted}`).replaceAll(resultTokens, redacted);
  };
}

/** Each address brings secrets of its own, and the pattern for all spellings of a long one takes some 20 ms to be compiled. */
function lazily(build: () => RegExp): () => RegExp {
  let pattern: RegExp | undefined;
  return () => (pattern ??= build());
}

/** So much of a secret is seldom found by chance, and its pattern is compiled in a moment. */
const beginningLength = 8;

function beginningOf(secret: string): string {
  return Array.from(secret).slice(0, beginningLength).join('');
}

/** All that the service itself was given to keep secret. */
export function listSecrets(secrets: Secrets): string[] {
  const { store, resultKeys } = secrets;
  return [store.secretAccessKey, ...secretsOfConnectors(secrets), ...resultKeys.map(({ key }) => key)];
}

export function secretsOfConnectors({ connectors }: Pick<Secrets, 'connectors'>): string[] {
  return Object.values(connectors).flatMap(({ tokens, key = '' }) => [...tokens, key]);
}

/** The parts of an address that let its holder in: long segments of its path and long values of its query. */
export function secretsOfUrl(url: string): string[] {
  if (!URL.canParse(url)) return [url];
  const { pathname, searchParams } = new URL(url);
  return [...pathname.split('/'), ...searchParams.values()].filter(({ length }) => length >= 16);
}

function anySpelling(secret: string): string {
  return Array.from(secret, spellingsOf).join('');
}

const entities: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

function spellingsOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const entity = entities[character];
  const percent = Array.from(Buffer.from(character), (byte) => `%(?:25)*${hex(byte, 2)}`).join('');
  const spellings = [
    `\\\\?\\u{${code.toString(16)}}`,
    percent,
    ...(code > 0xffff ? [] : [`\\\\u${hex(code, 4)}`]),
    `&#(?:0*${code}|x0*${code.toString(16)});`,
    ...(entity === undefined ? [] : [`&${entity};`]),
  ];
  return `(?:${spellings.join('|')})`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
