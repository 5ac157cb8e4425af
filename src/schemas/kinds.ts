import { Type, type TProperties } from 'typebox';

/** A map with these members and no others. */
export function closed<Properties extends TProperties>(properties: Properties) {
  return Type.Object(properties, { additionalProperties: false });
}

/** The same with a description, for documents. */
export function described<Properties extends TProperties>(description: string, properties: Properties) {
  return Type.Object(properties, { additionalProperties: false, description });
}

/** A text of one line for people. The pattern is written so that regular expressions of other languages can read it too. */
export function plainText(longest: number) {
  return {
    title: `1 to ${longest} characters without control characters`,
    pattern: `^[^\\u0000-\\u001f\\u007f-\\u009f]{1,${longest}}$`,
  };
}

export const dnsLabel = {
  title: 'a DNS label (lower-case letters, digits and -, at most 63)',
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
};

/** Names of a map's members. The pattern of a plain `Type.String()` is `^.*$`: the values of names with a line break would not be checked.
 * Clients read it too: `[^]` is a regular expression in JavaScript alone. */
export const anyName = Type.String({ pattern: '^[\\s\\S]*$' });

/** Kubernetes' rule for values of labels. */
export const labelValue = {
  title: 'a text of at most 63 letters, digits, -, _ and ., with a letter or digit at both ends',
  pattern: '^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$',
};

/** Kubernetes' rule for names of labels, annotations and resources, so that a wrong name is refused with its field. */
export const qualifiedName = {
  title: 'a name of letters, digits, -, _ and . (at most 63), after an optional DNS name and /',
  pattern: '^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$',
};
