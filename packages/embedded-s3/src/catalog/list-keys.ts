import { compareUtf8, type SortedIndex } from './sorted-index.ts';

export interface KeyQuery {
  readonly prefix: string;
  readonly delimiter: string;
  /** List what comes after this key, or after all keys below it when it is a common prefix. */
  readonly after: string;
  readonly limit: number;
}

export interface KeyPage {
  readonly entries: readonly KeyEntry[];
  /** The marker of the next page; undefined on the last one. */
  readonly next: string | undefined;
}

/** A key, or the common prefix that stands for all keys that start with it. */
export type KeyEntry = { readonly key: string } | { readonly commonPrefix: string };

/** One page of the keys with a prefix; keys with the delimiter behind it are rolled up. The cost grows with the page, not with the bucket. */
export function listKeys(index: Pick<SortedIndex<unknown>, 'keys' | 'seek'>, query: KeyQuery): KeyPage {
  const { limit } = query;
  const entries: KeyEntry[] = [];
  let last = '';
  let at = firstPlace(index, query);
  for (;;) {
    const key = index.keys[at];
    if (key?.startsWith(query.prefix) !== true) return { entries, next: undefined };
    const common = commonPrefixOf(key, query);
    if (entries.length >= limit) return { entries, next: limit === 0 ? undefined : last };
    entries.push(common === undefined ? { key } : { commonPrefix: common });
    last = common ?? key;
    at = common === undefined ? at + 1 : behind(index, common);
  }
}

function firstPlace(index: Pick<SortedIndex<unknown>, 'keys' | 'seek'>, query: KeyQuery): number {
  const { prefix, after } = query;
  const at = index.seek(
    (key) => compareUtf8(key, prefix) < 0 || (after !== '' && compareUtf8(key, after) <= 0),
  );
  // A page that ended with a common prefix has listed all keys below it.
  const first = index.keys[at];
  return first !== undefined && commonPrefixOf(first, query) === after ? behind(index, after) : at;
}

function commonPrefixOf(key: string, { prefix, delimiter }: KeyQuery): string | undefined {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return end === -1 ? undefined : key.slice(0, end + delimiter.length);
}

function behind(index: Pick<SortedIndex<unknown>, 'seek'>, prefix: string): number {
  return index.seek((key) => compareUtf8(key, prefix) < 0 || key.startsWith(prefix));
}
