import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { uploadContentKey } from '../../../src/flow/keys.ts';
import type { InputReference, InputSources } from '../../../src/inputs/resolve-input.ts';
import { resolveInputs } from '../../../src/inputs/resolve-inputs.ts';
import { createObjectStore } from '../../../src/storage/minio-store.ts';
import { createSender } from '../../../src/storage/upload/send-request.ts';
import { newUploadId, writeUpload } from '../../../src/uploads/stored-upload.ts';
import { openTestStore, type TestStore } from '../../support/test-store.ts';
import { templateSettings } from '../template/template-folder.ts';

const { signal } = new AbortController();
const now = new Date('2026-01-02T00:00:00.000Z');
const later = '2026-01-03T00:00:00.000Z';
const template = {
  name: 'transcode',
  inputs: [
    {
      name: 'video',
      description: 'A video.',
      required: true,
      mediaTypes: ['video/*'],
      maxBytes: 100,
      file: 'in.mp4',
    },
    {
      name: 'subtitles',
      description: 'Text.',
      required: false,
      mediaTypes: [],
      maxBytes: 100,
      file: 'subtitles',
    },
  ],
};

let store: TestStore;
let other: TestStore;
let sources: InputSources;
let close: () => void;
before(async () => {
  store = await openTestStore();
  const { endpoint, region, bucket, keys } = store;
  const settings = { endpoint, publicEndpoint: endpoint, region, bucket, requestTimeoutMillis: 60_000 };
  const opened = createObjectStore(settings, keys);
  const sender = createSender({ endpoint, timeoutMillis: 60_000, connections: 4 });
  sources = {
    store: opened.store,
    objects: {
      ...{ sender, region, bucket, retry: { firstMillis: 10, maxMillis: 10 } },
      credentials: { read: () => keys, forget: () => undefined },
    },
    config: {
      inputs: { allow: ['https://data.test/public/', 's3://maps/europe/', `s3://${bucket}-x/`] },
      store: { ...templateSettings.store, bucket },
    },
    now: () => now,
  };
  other = { ...store, bucket: `${bucket}-x` };
  await store.client.makeBucket(other.bucket);
  close = () => {
    sender.close();
    opened.destroy();
  };
});
after(async () => {
  await other.client.removeObjects(other.bucket, ['a/b c.mp4', 'large']);
  await other.client.removeBucket(other.bucket);
  close();
  await store[Symbol.asyncDispose]();
});

async function upload(
  members: { mediaType?: string; size?: number; caller?: string; expiresAt?: string } = {},
) {
  const content = 'x'.repeat(members.size ?? 5);
  const id = newUploadId(now, randomUUID());
  const { etag } = await store.client.putObject(store.bucket, uploadContentKey(id), content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const stored = { id, name: 'a.mp4', mediaType: 'video/mp4', size: 5, sha256, etag, caller: 'anna' };
  const whole = { ...stored, createdAt: now.toISOString(), expiresAt: later, ...members };
  await writeUpload(sources.objects, whole, signal);
  return whole;
}

async function resolve(references: Record<string, InputReference>, owner = { name: 'anna', admin: false }) {
  return resolveInputs(sources, { template, references, owner, flow: 'flow-test' }, signal);
}

test('an upload is frozen with its key, size, ETag and sha256', async () => {
  const { id, etag, sha256 } = await upload();
  const input = {
    ...{ name: 'video', path: '/inputs/in.mp4', maxBytes: 100 },
    ...{ key: `uploads/${id}/content`, etag, size: 5, sha256 },
  };
  assert.deepEqual(await resolve({ video: { upload: id, sha256 } }), [{ input }]);
});

test('an admin uses uploads of others, and a file whose type its client does not know is taken', async () => {
  const { id } = await upload({ caller: 'ben', mediaType: 'application/octet-stream' });
  assert.equal((await resolve({ video: { upload: id } }, { name: 'anna', admin: true })).length, 1);
});

test('an object of another bucket is frozen with its size and ETag', async () => {
  const { etag } = await other.client.putObject(other.bucket, 'a/b c.mp4', 'content');
  const [resolved] = await resolve({ video: { url: `s3://${other.bucket}/a/b c.mp4` } });
  const source = { bucket: other.bucket, key: 'a/b c.mp4', etag, size: 7 };
  assert.deepEqual(resolved, { input: { name: 'video', path: '/inputs/in.mp4', maxBytes: 100, ...source } });
});

test('of a URL the flow keeps the host alone', async () => {
  const [resolved] = await resolve({ video: { url: 'https://data.test/public/a?token=secret' } });
  assert.equal(resolved?.url, 'https://data.test/public/a?token=secret');
  assert.doesNotMatch(JSON.stringify(resolved.input), /secret|public/);
  assert.equal('host' in resolved.input && resolved.input.host, 'data.test');
});

const mine = 'expected the id of an upload of yours that has not expired';
const allowed = 'expected an address that starts with a prefix of the setting inputs.allow of the service';
const httpForm = 'expected s3://… or https://…, without user, fragment and encoded dots and slashes';
const s3Form = String.raw`expected s3://<bucket>/<key>, and a key without *, ?, $, \, . and ..`;
interface Row {
  name: string;
  reference: () => InputReference | Promise<InputReference>;
  field: string;
  message: string;
}
const rows: Row[] = [
  {
    name: 'an unknown upload',
    reference: () => ({ upload: newUploadId(now, randomUUID()) }),
    field: 'upload',
    message: mine,
  },
  { name: 'what is no id', reference: () => ({ upload: '../x' }), field: 'upload', message: mine },
  {
    name: 'an upload of another caller',
    reference: async () => ({ upload: (await upload({ caller: 'ben' })).id }),
    field: 'upload',
    message: mine,
  },
  {
    name: 'an expired upload',
    reference: async () => ({ upload: (await upload({ expiresAt: now.toISOString() })).id }),
    field: 'upload',
    message: mine,
  },
  {
    name: 'an upload of another type',
    reference: async () => ({ upload: (await upload({ mediaType: 'text/plain; charset=utf-8' })).id }),
    field: 'upload',
    message: 'expected a file of video/*, received text/plain',
  },
  {
    name: 'an upload that is too large',
    reference: async () => ({ upload: (await upload({ size: 101 })).id }),
    field: '',
    message: 'expected at most 100 bytes, received 101',
  },
  {
    name: 'an upload with another sha256',
    reference: async () => ({ upload: (await upload()).id, sha256: 'f'.repeat(64) }),
    field: 'sha256',
    message: 'expected ',
  },
  { name: 'nothing', reference: () => ({}), field: '', message: 'expected one of upload and url' },
  {
    name: 'both',
    reference: () => ({ upload: 'x', url: 'https://data.test/public/a' }),
    field: '',
    message: 'expected one of upload and url',
  },
  ...[
    'https://data.test/private',
    'https://data.test.evil/public/',
    's3://maps/asia/a',
    'https://data.test/public/../private',
  ].map((url) => ({ name: url, reference: () => ({ url }), field: 'url', message: allowed })),
  ...[
    'http://data.test/public/a',
    'https://user@data.test/public/a',
    'https://data.test/public/%2e%2e%2fprivate',
    'https://data.test/public/a#b',
    'file:///etc/passwd',
    'x',
  ].map((url) => ({ name: url, reference: () => ({ url }), field: 'url', message: httpForm })),
  ...[
    's3://maps/europe/*',
    's3://maps/europe/../asia',
    's3://maps',
    's3://maps/europe//a',
    's3://maps/${aws:x}',
  ].map((url) => ({ name: url, reference: () => ({ url }), field: 'url', message: s3Form })),
  {
    name: 'an object of the own bucket',
    reference: () => ({ url: `s3://${store.bucket}/flows/x/record.json` }),
    field: 'url',
    message: 'expected an object of another bucket than that of the service',
  },
  {
    name: 'an object that is missing',
    reference: () => ({ url: `s3://${other.bucket}/missing` }),
    field: 'url',
    message: 'expected an object that exists and can be read',
  },
  {
    name: 'an object that is too large',
    reference: async () => {
      await other.client.putObject(other.bucket, 'large', 'x'.repeat(101));
      return { url: `s3://${other.bucket}/large` };
    },
    field: '',
    message: 'expected at most 100 bytes, received 101',
  },
];

test('a file that cannot be used is refused with its field', async (t) => {
  for (const { name, reference, field: member, message } of rows) {
    await t.test(name, async () => {
      const field = member === '' ? 'inputs.video' : `inputs.video.${member}`;
      await assert.rejects(resolve({ video: await reference() }), (error) => {
        assert.ok(isServiceError(error, 'invalid-input'));
        assert.equal(error.field, field);
        assert.ok(error.message.startsWith(`${field}: ${message}`), error.message);
        return true;
      });
    });
  }
});

test('an input that the template does not have is refused by name', async () => {
  await assert.rejects(resolve({ audio: { upload: 'x' } }), {
    code: 'invalid-input',
    field: 'inputs.audio',
    message: 'inputs.audio: the template transcode has one of video, subtitles',
  });
});

test('objects whose keys are too long for the policy of the pod are refused', async () => {
  const key = 'k'.repeat(900);
  await other.client.putObject(other.bucket, key, 'x');
  const url = `s3://${other.bucket}/${key}`;
  const refused = resolve({ video: { url }, subtitles: { url } });
  await assert.rejects(refused, { code: 'invalid-input', field: 'inputs' });
  await other.client.removeObject(other.bucket, key);
});
