import type { Secrets } from './config/config.ts';

/** Returns the text without secrets. Applied to everything from a peer that is kept, logged or passed on. */
export type Redact = (text: string) => string;

export const redacted = '[redacted]';

/** Shorter secrets would redact ordinary words, and protect nothing. */
const shortest = 4;

/**
 * The signature of a result's address, by any key. The text before it is no secret, and a pattern that includes it would try to match
 * from each of its characters: the text may come from anybody.
 */
const resultTokens = /~[\w-]{43}/g;

/** A token is recognised by its position in a path of the service, also that of another flow or an old one. */
const capabilities = /(\/(?:results|connectors)\/[^/\s"'<>\\]+\/)[^/\s"'<>\\?#&]+/gi;

/**
 * Replaces each secret, in any letter case and in every spelling in which a server may show a request: percent-encoded (once or more),
 * escaped for JSON or HTML, or a mixture of these. Also replaces the token in paths of the service, known or not.
 */
export function createRedactor(secrets: Iterable<string | undefined>): Redact {
  const known = Array.from(new Set(secrets), (secret = '') => secret).filter(
    ({ length }) => length >= shortest,
  );
  const least = Math.min(...known.map(({ length }) => length));
  const prefixes = lazily(() => new RegExp(known.map(prefixOf).map(anySpelling).join('|'), 'iu'));
  // The longest first: one secret may be a prefix of another.
  const longestFirst = known.toSorted((a, b) => b.length - a.length);
  const secretsThemselves = lazily(() => new RegExp(longestFirst.map(anySpelling).join('|'), 'giu'));
  function mayHoldSecret(text: string): boolean {
    return text.length >= least && prefixes().test(text);
  }
  return (text) => {
    const clean = mayHoldSecret(text) ? text.replaceAll(secretsThemselves(), redacted) : text;
    return clean.replaceAll(capabilities, `$1${redacted}`).replaceAll(resultTokens, redacted);
  };
}

/** Each address has its own secrets, and compiling the pattern for all spellings of a long one takes about 20 ms. */
function lazily(build: () => RegExp): () => RegExp {
  let pattern: RegExp | undefined;
  return () => (pattern ??= build());
}

/** A prefix of this length seldom occurs by chance, and its pattern compiles quickly. */
const prefixLength = 8;

function prefixOf(secret: string): string {
  return Array.from(secret).slice(0, prefixLength).join('');
}

/** The secrets of the service's own configuration. */
export function listSecrets(secrets: Secrets): string[] {
  const { store, resultKeys } = secrets;
  return [store.secretAccessKey, ...secretsOfConnectors(secrets), ...resultKeys.map(({ key }) => key)];
}

export function secretsOfConnectors({ connectors }: Pick<Secrets, 'connectors'>): string[] {
  return Object.values(connectors).flatMap(({ tokens, ...keys }) => [
    ...tokens,
    ...Object.values(keys).filter((key) => key !== undefined),
  ]);
}

/** The parts of an address that grant access: long segments of its path and long values of its query. */
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
