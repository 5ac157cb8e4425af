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
  /** Where the next page goes on; undefined when this is the last. */
  readonly next: string | undefined;
}

/** A key, or the common prefix that stands for all keys which begin with it. */
export type KeyEntry = { readonly key: string } | { readonly commonPrefix: string };

/** One page of the keys with a prefix, those with the delimiter behind it rolled up. Its cost is that of the page, not of the bucket. */
export function listKeys(index: Pick<SortedIndex<unknown>, 'keys' | 'seek'>, query: KeyQuery): KeyPage {
  const { prefix, delimiter, after, limit } = query;
  const entries: KeyEntry[] = [];
  let last = '';
  let at = index.seek(
    (key) => compareUtf8(key, prefix) < 0 || (after !== '' && compareUtf8(key, after) <= 0),
  );
  while (at < index.keys.length) {
    const key = index.keys[at] ?? '';
    if (!key.startsWith(prefix)) break;
    const common = commonPrefixOf(key, prefix, delimiter);
    if (common !== undefined && common === after) {
      at = behind(index, common);
      continue;
    }
    if (entries.length >= limit) return { entries, next: limit === 0 ? undefined : last };
    entries.push(common === undefined ? { key } : { commonPrefix: common });
    last = common ?? key;
    at = common === undefined ? at + 1 : behind(index, common);
  }
  return { entries, next: undefined };
}

function commonPrefixOf(key: string, prefix: string, delimiter: string): string | undefined {
  const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return end === -1 ? undefined : key.slice(0, end + delimiter.length);
}

function behind(index: Pick<SortedIndex<unknown>, 'seek'>, prefix: string): number {
  return index.seek((key) => compareUtf8(key, prefix) < 0 || key.startsWith(prefix));
}
