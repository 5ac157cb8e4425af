import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucket, keys, openStore, type OpenStore } from './open-store.ts';
import {
  sendPlain,
  signedTarget,
  verdict,
  type Keys,
  type Reply,
  type SignedRequest,
} from './signed-request.ts';

const prefix = 'jobs/1/';
const inBucket = `arn:aws:s3:::${bucket}`;
const policy = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
      Resource: [`${inBucket}/${prefix}*`],
    },
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [inBucket],
      Condition: { StringLike: { 's3:prefix': [`${prefix}*`] } },
    },
    {
      Effect: 'Allow',
      Action: ['s3:ListBucketMultipartUploads', 's3:GetBucketLocation'],
      Resource: [inBucket],
    },
  ],
};

interface Wish {
  readonly policy?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly keys?: Keys;
}

function askForSession(store: OpenStore, wish: Wish): Promise<Reply> {
  const asked = wish.policy === undefined ? {} : { Policy: JSON.stringify(wish.policy) };
  const form = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', ...asked, ...wish.form });
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const used = wish.keys === undefined ? {} : { keys: wish.keys };
  return store.send({ method: 'POST', path: '/', service: 'sts', body: form.toString(), headers, ...used });
}

async function openSession(store: OpenStore, wish: Wish): Promise<Keys & { sessionToken: string }> {
  const { text } = await askForSession(store, wish);
  function field(name: string): string {
    return new RegExp(`<${name}>([^<]+)`).exec(text)?.[1] ?? assert.fail(text);
  }
  return {
    accessKeyId: field('AccessKeyId'),
    secretAccessKey: field('SecretAccessKey'),
    sessionToken: field('SessionToken'),
  };
}

const copySource = { 'x-amz-copy-source': `/${bucket}/jobs/2/there` };
const calls: ({ name: string; expected: string } & SignedRequest)[] = [
  { name: 'put in its prefix', method: 'PUT', path: `/${bucket}/jobs/1/new`, body: 'x', expected: '200' },
  {
    name: 'put in another prefix',
    method: 'PUT',
    path: `/${bucket}/jobs/2/new`,
    body: 'x',
    expected: '403 AccessDenied',
  },
  {
    name: 'put in a prefix that starts alike',
    method: 'PUT',
    path: `/${bucket}/jobs/10/new`,
    body: 'x',
    expected: '403 AccessDenied',
  },
  {
    name: 'put in another bucket',
    method: 'PUT',
    path: '/others/jobs/1/new',
    body: 'x',
    expected: '403 AccessDenied',
  },
  {
    name: 'put up and out of its prefix',
    method: 'PUT',
    path: `/${bucket}/jobs/1/../2/x`,
    body: 'x',
    expected: '400 InvalidObjectName',
  },
  { name: 'get in its prefix', path: `/${bucket}/jobs/1/there`, expected: '200' },
  { name: 'get elsewhere', path: `/${bucket}/jobs/2/there`, expected: '403 AccessDenied' },
  { name: 'get what is nowhere', path: `/${bucket}/jobs/2/nowhere`, expected: '403 AccessDenied' },
  { name: 'list its prefix', path: `/${bucket}?list-type=2&prefix=jobs%2F1%2F`, expected: '200' },
  { name: 'list below its prefix', path: `/${bucket}?prefix=jobs%2F1%2Fdeep`, expected: '200' },
  {
    name: 'list another prefix',
    path: `/${bucket}?list-type=2&prefix=jobs%2F2%2F`,
    expected: '403 AccessDenied',
  },
  {
    name: 'list a prefix around its own',
    path: `/${bucket}?list-type=2&prefix=jobs`,
    expected: '403 AccessDenied',
  },
  { name: 'list the bucket', path: `/${bucket}?list-type=2`, expected: '403 AccessDenied' },
  { name: 'list open uploads', path: `/${bucket}?uploads`, expected: '200' },
  { name: 'ask where the bucket is', path: `/${bucket}?location`, expected: '200' },
  {
    name: 'delete in its prefix',
    method: 'DELETE',
    path: `/${bucket}/jobs/1/there`,
    expected: '403 AccessDenied',
  },
  { name: 'start an upload', method: 'POST', path: `/${bucket}/jobs/1/big?uploads`, expected: '200' },
  {
    name: 'start an upload elsewhere',
    method: 'POST',
    path: `/${bucket}/jobs/2/big?uploads`,
    expected: '403 AccessDenied',
  },
  { name: 'make a bucket', method: 'PUT', path: '/its-own', expected: '403 AccessDenied' },
  { name: 'remove the bucket', method: 'DELETE', path: `/${bucket}`, expected: '403 AccessDenied' },
  {
    name: 'copy from outside',
    method: 'PUT',
    path: `/${bucket}/jobs/1/copy`,
    headers: copySource,
    expected: '403 AccessDenied',
  },
];

for (const { name, expected, ...request } of calls) {
  test(`a session for one prefix that tries to ${name} gets ${expected}`, async () => {
    await using store = await openStore();
    for (const key of ['jobs/1/there', 'jobs/2/there']) await store.client.putObject(bucket, key, 'x');
    await store.client.makeBucket('others');
    const session = await openSession(store, { policy });
    assert.equal(verdict(await store.send({ ...request, keys: session })), expected);
  });
}

test('a session that deletes many gets a refusal for each key and nothing is deleted', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'jobs/1/there', 'x');
  const session = await openSession(store, { policy });
  const body = '<Delete><Object><Key>jobs/1/there</Key></Object></Delete>';
  const reply = await store.send({ method: 'POST', path: `/${bucket}?delete`, body, keys: session });
  assert.match(reply.text, /<Error><Key>jobs\/1\/there<\/Key><Code>AccessDenied</);
  assert.equal(verdict(await store.send({ path: `/${bucket}/jobs/1/there` })), '200');
});

test('a session sees the buckets it has a right to ask about, and no others', async () => {
  await using store = await openStore();
  await store.client.makeBucket('others');
  const session = await openSession(store, { policy });
  const { text } = await store.send({ path: '/', keys: session });
  assert.deepEqual(
    [...text.matchAll(/<Name>([^<]*)/g)].map((match) => match[1]),
    [bucket],
  );
});

test('a session needs its own token', async () => {
  await using store = await openStore();
  const [one, other] = [await openSession(store, { policy }), await openSession(store, { policy })];
  const { accessKeyId, secretAccessKey } = one;
  const path = `/${bucket}?location`;
  const without = await store.send({ path, keys: { accessKeyId, secretAccessKey } });
  const wrong = await store.send({ path, keys: { ...one, sessionToken: other.sessionToken } });
  assert.deepEqual([verdict(without), verdict(wrong)], ['403 InvalidTokenId', '403 InvalidTokenId']);
});

test('a session and the URLs it presigned end at its expiry', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'jobs/1/there', 'x');
  const session = await openSession(store, { policy, form: { DurationSeconds: '900' } });
  const request = { path: `/${bucket}/jobs/1/there`, keys: session, time: store.clock.now };
  const { path } = signedTarget(store.url, { ...request, presign: 3600 });
  store.clock.now += 899_000;
  assert.equal(verdict(await sendPlain(store.url, { path })), '200');
  assert.equal(verdict(await store.send({ ...request, time: store.clock.now })), '200');
  store.clock.now += 2_000;
  assert.equal(verdict(await sendPlain(store.url, { path })), '400 ExpiredToken');
  assert.equal(verdict(await store.send({ ...request, time: store.clock.now })), '400 ExpiredToken');
});

test('a session lasts as long as asked for, an hour by default, and has its end in the answer', async () => {
  await using store = await openStore();
  for (const [seconds, form] of [
    [3600, {}],
    [900, { DurationSeconds: '900' }],
    [43_200, { DurationSeconds: '43200' }],
  ] as const) {
    const { text } = await askForSession(store, { form });
    const ends = /<Expiration>([^<]*)/.exec(text)?.[1] ?? assert.fail(text);
    assert.equal(Date.parse(ends), store.clock.now + seconds * 1000);
  }
});

const forms = [
  { name: 'of less than 15 minutes', form: { DurationSeconds: '899' }, refused: '400 InvalidParameterValue' },
  { name: 'of more than 12 hours', form: { DurationSeconds: '43201' }, refused: '400 InvalidParameterValue' },
  {
    name: 'with a parameter that is unknown',
    form: { PolicyArns: 'x' },
    refused: '400 InvalidParameterValue',
  },
  { name: 'by another action', form: { Action: 'GetSessionToken' }, refused: '400 InvalidAction' },
];

for (const { name, form, refused } of forms) {
  test(`a session ${name} is refused`, async () => {
    await using store = await openStore();
    assert.equal(verdict(await askForSession(store, { form })), refused);
  });
}

test('a session cannot make another, nor can a wrong secret', async () => {
  await using store = await openStore();
  const session = await openSession(store, {});
  assert.equal(verdict(await askForSession(store, { keys: session })), '403 AccessDenied');
  const wrong = { ...keys, secretAccessKey: 'wrong' };
  assert.equal(verdict(await askForSession(store, { keys: wrong })), '403 SignatureDoesNotMatch');
});

test('a session without a policy may do what the long-lived key may', async () => {
  await using store = await openStore();
  const session = await openSession(store, {});
  assert.equal(verdict(await store.send({ method: 'PUT', path: '/its-own', keys: session })), '200');
});

test('a Deny wins over an Allow', async () => {
  await using store = await openStore();
  const statements = [
    { Effect: 'Allow', Action: 's3:*', Resource: '*' },
    { Effect: 'Deny', Action: 's3:Put*', Resource: `${inBucket}/locked/*` },
  ];
  const session = await openSession(store, { policy: { Version: '2012-10-17', Statement: statements } });
  function put(key: string): Promise<Reply> {
    return store.send({ method: 'PUT', path: `/${bucket}/${key}`, body: 'x', keys: session });
  }
  assert.equal(verdict(await put('open/a')), '200');
  assert.equal(verdict(await put('locked/a')), '403 AccessDenied');
});

const allow = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const malformed: { name: string; statement: unknown; Version?: string }[] = [
  { name: 'another version', statement: allow, Version: '2008-10-17' },
  { name: 'an unknown action', statement: { ...allow, Action: 's3:PutBucketPolicy' } },
  { name: 'an action of another service', statement: { ...allow, Action: 'ec2:*' } },
  { name: 'NotAction', statement: { Effect: 'Allow', NotAction: 's3:GetObject', Resource: '*' } },
  { name: 'a Principal', statement: { ...allow, Principal: '*' } },
  { name: 'no Resource', statement: { Effect: 'Allow', Action: 's3:GetObject' } },
  { name: 'a resource of another service', statement: { ...allow, Resource: 'arn:aws:sns:::x' } },
  { name: 'a policy variable', statement: { ...allow, Resource: 'arn:aws:s3:::b/${aws:username}/*' } },
  {
    name: 'an unknown condition',
    statement: { ...allow, Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
  },
  {
    name: 'an unknown condition key',
    statement: { ...allow, Condition: { StringLike: { 'aws:Referer': 'x' } } },
  },
  {
    name: 'a prefix condition on GetObject',
    statement: { ...allow, Condition: { StringLike: { 's3:prefix': 'x' } } },
  },
  { name: 'an effect that is neither', statement: { ...allow, Effect: 'allow' } },
  { name: 'no statement', statement: [] },
  { name: 'more than 2048 characters', statement: { ...allow, Sid: 'x'.repeat(2048) } },
];

for (const { name, statement, Version = '2012-10-17' } of malformed) {
  test(`a session policy with ${name} is refused whole`, async () => {
    await using store = await openStore();
    const reply = await askForSession(store, { policy: { Version, Statement: statement } });
    assert.equal(verdict(reply), '400 MalformedPolicyDocument');
    assert.doesNotMatch(reply.text, /SecretAccessKey/);
  });
}
