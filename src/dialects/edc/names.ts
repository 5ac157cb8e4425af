/** EDC's namespace, for its JSON-LD and the properties of its data addresses. */
export const namespace = 'https://w3id.org/edc/v0.0.1/ns/';

/** The key for callbacks and the management API. */
export function keyHeader(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { 'x-api-key': key };
}
