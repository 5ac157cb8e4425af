import { encodeComponent } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';

/** The parameters of all listings. */
export interface Listing {
  readonly prefix: string;
  readonly delimiter: string;
  readonly limit: number;
  readonly encodingType: 'url' | undefined;
  /** Writes a key in the encoding that the client asked for. */
  readonly encode: (key: string) => string;
}

const mostEntries = 1000;

/** `limitName` is the parameter of this listing for the number of its entries. */
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

/** A limit from 0 to 1000; a larger one is lowered to 1000, as in S3. */
export function readLimit(query: ReadonlyMap<string, string>, name: string): number {
  const text = query.get(name) ?? String(mostEntries);
  if (!/^\d{1,9}$/.test(text))
    throw new StoreError('InvalidArgument', `${name} must be a number, 0 or more.`);
  return Math.min(Number(text), mostEntries);
}

function encodeKey(key: string): string {
  return key.split('/').map(encodeComponent).join('/');
}
