import { Type, type TProperties } from 'typebox';

/** A map with these members and no others. */
export function closed<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

export const dnsLabel = {
  title: 'a DNS label (lower-case letters, digits and -, at most 63)',
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
};
