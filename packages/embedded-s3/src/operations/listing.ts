import { encodeComponent } from '../request.ts';
import { StoreError } from '../store-error.ts';

/** The parameters all listings have. */
export interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  readonly encodingType: 'url' | undefined;
  /** A key as the client asked to have it written. */
  readonly encode: (key: string) => string;
}

const mostEntries = 1000;

/** Reads them; `limitName` is what this listing calls the number of its entries. */
export function readListing(query: ReadonlyMap<string, string>, limitName: string): Listing {
  const encodingType = query.get('encoding-type');
  if (encodingType !== undefined && encodingType !== 'url')
    throw new StoreError('InvalidArgument', 'encoding-type must be url.');
  const encode = encodingType === 'url' ? encodeKey : String;
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    limit: readLimit(query, limitName),
    encodingType,
    encode,
  };
}

/** A limit between 0 and 1000; what is larger is lowered to 1000, as S3 does. */
export function readLimit(query: ReadonlyMap<string, string>, name: string): number {
  const text = query.get(name) ?? String(mostEntries);
  if (!/^\d{1,9}$/.test(text))
    throw new StoreError('InvalidArgument', `${name} must be a number, 0 or more.`);
  return Math.min(Number(text), mostEntries);
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeComponent).join('/');
}
