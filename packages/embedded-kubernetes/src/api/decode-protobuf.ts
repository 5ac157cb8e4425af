import { StatusError } from '../objects/status-error.ts';

/**
 * Reads `application/vnd.kubernetes.protobuf`, which `kubectl create configmap` and `create secret` send whatever the server says
 * it prefers. Only what those commands write is known; anything else is refused rather than lost.
 */
export function decodeProtobuf(body: Buffer): unknown {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0')
    throw unreadable('it does not begin with the magic number');
  const envelope = readMessage(body.subarray(4), envelopeMessage);
  const { typeMeta, raw } = envelope as { typeMeta?: { apiVersion?: string; kind?: string }; raw?: string };
  const { apiVersion = '', kind = '' } = typeMeta ?? {};
  const message = messagesByKind[`${apiVersion}/${kind}`];
  if (!message) throw unreadable(`${apiVersion} ${kind} is not known in this encoding`);
  return { apiVersion, kind, ...readMessage(Buffer.from(raw ?? '', 'base64'), message) };
}

const envelopeMessage: Message = {
  1: {
    name: 'typeMeta',
    type: { 1: { name: 'apiVersion', type: 'string' }, 2: { name: 'kind', type: 'string' } },
  },
  2: { name: 'raw', type: 'bytes' },
};

function readMessage(bytes: Buffer, message: Message): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  const reader = { bytes, position: 0 };
  while (reader.position < bytes.length) {
    const tag = readVarint(reader);
    const value = readValue(reader, Number(tag & 7n));
    const number = Number(tag >> 3n);
    const field = message[number];
    if (field) store(result, field, value);
    else if (!isEmpty(value)) throw unreadable(`member number ${number} is not known`);
  }
  return result;
}

interface Reader {
  bytes: Buffer;
  position: number;
}

function readVarint(reader: Reader): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = reader.bytes[reader.position];
    if (byte === undefined) throw unreadable('it ends too early');
    reader.position += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asIntN(64, value);
  }
  throw unreadable('a number is too long');
}

function readValue(reader: Reader, wireType: number): bigint | Buffer {
  if (wireType === 0) return readVarint(reader);
  if (wireType !== 2) throw unreadable(`wire type ${wireType} is not used by Kubernetes`);
  const length = Number(readVarint(reader));
  const start = reader.position;
  if (length < 0 || start + length > reader.bytes.length) throw unreadable('it ends too early');
  reader.position = start + length;
  return reader.bytes.subarray(start, reader.position);
}

function isEmpty(value: bigint | Buffer): boolean {
  return typeof value === 'bigint' ? value === 0n : value.length === 0;
}

function store(result: Record<string, unknown>, field: Field, value: bigint | Buffer): void {
  const { name, type, isMap } = field;
  if (isMap) {
    const entry = readMessage(asBytes(value), {
      1: { name: 'key', type: 'string' },
      2: { name: 'value', type },
    });
    result[name] = {
      ...(result[name] as object | undefined),
      [(entry['key'] as string | undefined) ?? '']: entry['value'] ?? '',
    };
  } else if (type !== 'string' || !isEmpty(value)) {
    // Go writes empty strings where JSON has nothing.
    result[name] = converted(type, value);
  }
}

function converted(type: FieldType, value: bigint | Buffer): unknown {
  if (type === 'boolean' && typeof value === 'bigint') return value !== 0n;
  if (typeof value === 'bigint') throw unreadable('a number was not expected');
  if (type === 'string') return value.toString();
  if (type === 'bytes') return value.toString('base64');
  if (typeof type === 'string') throw unreadable(`a ${type} was expected`);
  return readMessage(value, type);
}

function asBytes(value: bigint | Buffer): Buffer {
  if (typeof value === 'bigint') throw unreadable('a message was expected');
  return value;
}

function unreadable(why: string): StatusError {
  return new StatusError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: `this cluster cannot read the application/vnd.kubernetes.protobuf body (${why}): send application/json, as kubectl create -f does`,
  });
}

type FieldType = 'string' | 'bytes' | 'boolean' | Message;

interface Field {
  name: string;
  type: FieldType;
  /** A map with values of the type. */
  isMap?: boolean;
}

/** Members by their number on the wire. */
interface Message {
  [number: number]: Field;
}

/** `numbered('string', { 1: 'name' })`: many members of one type. */
function numbered(type: FieldType, names: Record<number, string>): Message {
  return Object.fromEntries(Object.entries(names).map(([number, name]) => [number, { name, type }]));
}

function map(name: string, type: FieldType): Field {
  return { name, type, isMap: true };
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
};

const metadata: Message = { 1: { name: 'metadata', type: objectMeta } };

/** What `kubectl create configmap` and `create secret` write, by `apiVersion/kind`. */
const messagesByKind: Record<string, Message> = {
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
};
