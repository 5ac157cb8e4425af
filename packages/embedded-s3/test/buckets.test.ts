import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucket, openStore } from './open-store.ts';
import { verdict } from './signed-request.ts';

test('a bucket is there from its creation to its deletion', async () => {
  await using store = await openStore();
  async function names(): Promise<string[]> {
    return (await store.client.listBuckets()).map(({ name }) => name);
  }
  await store.client.makeBucket('another');
  assert.deepEqual(await names(), ['another', bucket]);
  assert.equal(await store.client.bucketExists('another'), true);
  await store.client.removeBucket('another');
  assert.deepEqual(await names(), [bucket]);
  assert.equal(await store.client.bucketExists('another'), false);
});

test('a bucket cannot be made twice, nor removed with an object in it', async () => {
  await using store = await openStore();
  assert.equal(
    verdict(await store.send({ method: 'PUT', path: `/${bucket}` })),
    '409 BucketAlreadyOwnedByYou',
  );
  await store.client.putObject(bucket, 'a', 'x');
  assert.equal(verdict(await store.send({ method: 'DELETE', path: `/${bucket}` })), '409 BucketNotEmpty');
});

for (const name of ['ab', 'Upper', 'under_score', '-lead', '127.0.0.1', 'a..b', 'x'.repeat(64)]) {
  test(`the bucket name ${name.slice(0, 12)} is refused`, async () => {
    await using store = await openStore();
    assert.equal(verdict(await store.send({ method: 'PUT', path: `/${name}` })), '400 InvalidBucketName');
  });
}

const configurations = [
  {
    name: 'of the region here',
    xml: '<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>',
    expected: '200',
  },
  {
    name: 'of another region',
    xml: '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>',
    expected: '400 InvalidArgument',
  },
  {
    name: 'with more',
    xml: '<CreateBucketConfiguration><Tags/></CreateBucketConfiguration>',
    expected: '501 NotImplemented',
  },
  {
    name: 'with a document type',
    xml: '<!DOCTYPE x [<!ENTITY a "b">]><CreateBucketConfiguration/>',
    expected: '400 MalformedXML',
  },
];

for (const { name, xml, expected } of configurations) {
  test(`a bucket configuration ${name} is answered with ${expected}`, async () => {
    await using store = await openStore();
    assert.equal(verdict(await store.send({ method: 'PUT', path: '/another', body: xml })), expected);
  });
}

const unsupported = [
  ['PUT', `/${bucket}?tagging`],
  ['PUT', `/${bucket}?lifecycle`],
  ['PUT', `/${bucket}?versioning`],
  ['PUT', `/${bucket}?policy`],
  ['PUT', `/${bucket}?acl`],
  ['GET', `/${bucket}?acl`],
  ['GET', `/${bucket}?cors`],
  ['GET', `/${bucket}/a?tagging`],
  ['GET', `/${bucket}/a?versionId=1`],
  ['PUT', `/${bucket}/a?tagging`],
  ['POST', `/${bucket}/a?select&select-type=2`],
  ['POST', `/${bucket}/a?restore`],
  ['POST', `/${bucket}`],
  ['PATCH', `/${bucket}/a`],
] as const;

for (const [method, path] of unsupported) {
  test(`${method} ${path} is refused with 501`, async () => {
    await using store = await openStore();
    await store.client.putObject(bucket, 'a', 'x');
    assert.equal(verdict(await store.send({ method, path })), '501 NotImplemented');
  });
}

const unsupportedHeaders = [
  ['x-amz-tagging', 'a=b'],
  ['x-amz-acl', 'public-read'],
  ['x-amz-storage-class', 'GLACIER'],
  ['x-amz-server-side-encryption', 'AES256'],
  ['x-amz-object-lock-mode', 'COMPLIANCE'],
  ['x-amz-website-redirect-location', '/'],
] as const;

for (const [name, value] of unsupportedHeaders) {
  test(`an upload with ${name}: ${value} is refused with 501 and not stored`, async () => {
    await using store = await openStore();
    const reply = await store.send({
      method: 'PUT',
      path: `/${bucket}/a`,
      body: 'x',
      headers: { [name]: value },
    });
    assert.equal(verdict(reply), '501 NotImplemented');
    assert.equal(verdict(await store.send({ path: `/${bucket}/a` })), '404 NoSuchKey');
  });
}

test('a setting that no bucket has is answered as absent, so that clients continue', async () => {
  await using store = await openStore();
  for (const [setting, expected] of [
    ['object-lock', '404 ObjectLockConfigurationNotFoundError'],
    ['policy', '404 NoSuchBucketPolicy'],
    ['lifecycle', '404 NoSuchLifecycleConfiguration'],
    ['tagging', '404 NoSuchTagSet'],
    ['versioning', '200'],
    ['location', '200'],
  ] as const) {
    assert.equal(verdict(await store.send({ path: `/${bucket}?${setting}` })), expected, setting);
    assert.equal(verdict(await store.send({ path: `/absent?${setting}` })), '404 NoSuchBucket', setting);
  }
});

test('a path that starts with two slashes names no bucket', async () => {
  await using store = await openStore();
  assert.equal(verdict(await store.send({ path: `//${bucket}/a` })), '400 InvalidBucketName');
});

test('stopping ends open connections and removes the content', async () => {
  await using store = await openStore();
  await store.client.putObject(bucket, 'a', 'x');
  assert.equal(await store.files(), 1);
  await store.stop();
  assert.equal(await store.files(), 0);
  await assert.rejects(store.send({ path: `/${bucket}/a` }), { code: 'ECONNREFUSED' });
});
