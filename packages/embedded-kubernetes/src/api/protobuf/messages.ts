export type FieldType = 'string' | 'bytes' | 'boolean' | 'ignored' | Message;

export interface Field {
  name: string;
  type: FieldType;
  repeated?: 'list' | 'map';
}

/** Members by their number on the wire. */
export interface Message {
  [number: number]: Field;
}

/** `numbered('string', { 1: 'name' })`: many members of one type. */
function numbered(type: FieldType, names: Record<number, string>): Message {
  return Object.fromEntries(Object.entries(names).map(([number, name]) => [number, { name, type }]));
}

function list(name: string, type: FieldType): Field {
  return { name, type, repeated: 'list' };
}

function map(name: string, type: FieldType): Field {
  return { name, type, repeated: 'map' };
}

const objectMeta: Message = {
  ...numbered('string', {
    1: 'name',
    2: 'generateName',
    3: 'namespace',
    4: 'selfLink',
    5: 'uid',
    6: 'resourceVersion',
  }),
  11: map('labels', 'string'),
  12: map('annotations', 'string'),
  14: list('finalizers', 'string'),
};

/** What a new object has no say in. */
const status: Message = { 3: { name: 'status', type: 'ignored' } };

const metadata: Message = { 1: { name: 'metadata', type: objectMeta } };

/** What `kubectl create <kind> <name>` writes, by `apiVersion/kind`; a Job has too many members to list. */
export const messagesByKind: Record<string, Message> = {
  'v1/ConfigMap': {
    ...metadata,
    2: map('data', 'string'),
    3: map('binaryData', 'bytes'),
    4: { name: 'immutable', type: 'boolean' },
  },
  'v1/Secret': {
    ...metadata,
    2: map('data', 'bytes'),
    3: { name: 'type', type: 'string' },
    4: map('stringData', 'string'),
    5: { name: 'immutable', type: 'boolean' },
  },
  'v1/Namespace': { ...metadata, ...status, 2: { name: 'spec', type: { 1: list('finalizers', 'string') } } },
  'v1/ServiceAccount': { ...metadata, 4: { name: 'automountServiceAccountToken', type: 'boolean' } },
  'policy/v1/Eviction': metadata,
};
