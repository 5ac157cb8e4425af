import { isObject } from '../api-answer.ts';
import { namespace } from '../data-address.ts';

/** A data address of the dataspace protocol. */
export interface EndpointAddress {
  readonly endpointType: string;
  readonly endpoint: string | undefined;
  readonly properties: Readonly<Record<string, string>>;
}

/** Reads the address that a data plane sends; undefined if it has no type. */
export function readEndpointAddress(value: unknown): EndpointAddress | undefined {
  if (!isObject(value) || typeof value['endpointType'] !== 'string') return undefined;
  const { endpointType, endpoint, endpointProperties = [] } = value;
  const listed: unknown[] = Array.isArray(endpointProperties) ? endpointProperties : [];
  const properties = listed.filter(isObject).map(({ name, value: text }) => [String(name), String(text)]);
  return {
    endpointType,
    endpoint: typeof endpoint === 'string' ? endpoint : undefined,
    properties: Object.fromEntries(properties) as Record<string, string>,
  };
}

/** The address as EDC sends it: its own names of type and endpoint are two more properties. */
export function buildDataAddress({ endpointType, endpoint, properties }: EndpointAddress): object {
  const all: Record<string, string> = { [`${namespace}type`]: endpointType, ...properties };
  if (endpoint !== undefined) all[`${namespace}endpoint`] = endpoint;
  return {
    endpointType,
    endpoint,
    endpointProperties: inOrderOfJava(Object.keys(all)).map((name) => ({
      name,
      value: all[name],
      '@type': 'EndpointProperty',
    })),
    '@type': 'DataAddress',
  };
}

/** `Authorization` of a request to the address, if it has a token for one. */
export function readAuthorization({ properties }: EndpointAddress): string | undefined {
  const { authorization, authType } = properties;
  if (authorization === undefined) return undefined;
  return authType?.toLowerCase() === 'bearer' ? `Bearer ${authorization}` : authorization;
}

/** EDC keeps the properties in a hash map, whose order follows from the names. */
function inOrderOfJava(names: readonly string[]): string[] {
  let buckets = 16;
  while (names.length > buckets * 0.75) buckets *= 2;
  function bucketOf(name: string): number {
    const hash = hashCode(name);
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  }
  return names.toSorted((one, other) => bucketOf(one) - bucketOf(other));
}

/** That of a Java string. */
function hashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1)
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}
