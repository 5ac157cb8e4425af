import { invalidRequest } from '../../../errors.ts';

/** Throws `invalid-request` for a parameter that is not one of the members of `known`, or that is given twice. */
export function checkQuery(query: URLSearchParams, known: object): void {
  for (const name of query.keys()) {
    if (!Object.hasOwn(known, name)) throw invalidRequest(name, `one of ${Object.keys(known).join(', ')}`);
    if (query.getAll(name).length > 1) throw invalidRequest(name, 'one value');
  }
}
