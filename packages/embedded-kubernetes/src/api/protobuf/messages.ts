export type FieldType = 'string' | 'bytes' | 'integer' | 'boolean' | 'quantity' | 'ignored' | Message;

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

const resourceRequirements: Message = { 1: map('limits', 'quantity'), 2: map('requests', 'quantity') };

const container: Message = {
  ...numbered('string', {
    1: 'name',
    2: 'image',
    5: 'workingDir',
    13: 'terminationMessagePath',
    14: 'imagePullPolicy',
    20: 'terminationMessagePolicy',
    24: 'restartPolicy',
  }),
  ...numbered('boolean', { 16: 'stdin', 17: 'stdinOnce', 18: 'tty' }),
  3: list('command', 'string'),
  4: list('args', 'string'),
  7: list('env', numbered('string', { 1: 'name', 2: 'value' })),
  8: { name: 'resources', type: resourceRequirements },
};

const podSpec: Message = {
  ...numbered('string', {
    3: 'restartPolicy',
    6: 'dnsPolicy',
    8: 'serviceAccountName',
    9: 'serviceAccount',
    10: 'nodeName',
    16: 'hostname',
    17: 'subdomain',
    19: 'schedulerName',
    24: 'priorityClassName',
  }),
  ...numbered('integer', { 4: 'terminationGracePeriodSeconds', 5: 'activeDeadlineSeconds' }),
  ...numbered('boolean', {
    11: 'hostNetwork',
    12: 'hostPID',
    13: 'hostIPC',
    21: 'automountServiceAccountToken',
  }),
  2: list('containers', container),
  7: map('nodeSelector', 'string'),
  20: list('initContainers', container),
};

const jobSpec: Message = {
  ...numbered('integer', { 1: 'parallelism', 2: 'completions', 3: 'activeDeadlineSeconds' }),
  ...numbered('integer', { 7: 'backoffLimit', 8: 'ttlSecondsAfterFinished' }),
  ...numbered('string', { 9: 'completionMode', 14: 'podReplacementPolicy' }),
  ...numbered('boolean', { 5: 'manualSelector', 10: 'suspend' }),
  6: { name: 'template', type: { ...metadata, 2: { name: 'spec', type: podSpec } } },
};

/** What `kubectl create <kind> <name>` writes, by `apiVersion/kind`. */
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
  'batch/v1/Job': { ...metadata, ...status, 2: { name: 'spec', type: jobSpec } },
  'policy/v1/Eviction': metadata,
};
