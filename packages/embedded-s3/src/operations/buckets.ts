import { mayDo } from '../authenticate.ts';
import { xmlAnswer, type Answer, type Call } from '../call.ts';
import { bucketOf, createBucketIn, removeUpload } from '../catalog.ts';
import { checkBucketName } from '../names.ts';
import { childText, parseXml } from '../parse-xml.ts';
import { receiveText } from '../receive.ts';
import { StoreError } from '../store-error.ts';
import { branch, leaf, s3Document } from '../xml.ts';

const largestConfiguration = 64 * 1024;
const mostBuckets = 1000;

/** All buckets for the long-lived key; a session sees those it may list or ask the location of. */
export function listBuckets(call: Call): Answer {
  const { caller, state } = call;
  const all = mayDo(caller, { action: 's3:ListAllMyBuckets', bucket: '*' });
  const seen = [...state.catalog.values()].filter(
    ({ name }) =>
      all ||
      mayDo(caller, { action: 's3:ListBucket', bucket: name }) ||
      mayDo(caller, { action: 's3:GetBucketLocation', bucket: name }),
  );
  if (!all && seen.length === 0) throw new StoreError('AccessDenied');
  const buckets = seen
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, created }) =>
      branch('Bucket', [leaf('Name', name), leaf('CreationDate', new Date(created).toISOString())]),
    );
  return xmlAnswer(s3Document('ListAllMyBucketsResult', [ownerXml('Owner'), branch('Buckets', buckets)]));
}

export async function createBucket(call: Call): Promise<Answer> {
  const { request, state } = call;
  checkBucketName(request.bucket);
  await checkConfiguration(call);
  if (state.catalog.has(request.bucket)) throw new StoreError('BucketAlreadyOwnedByYou');
  if (state.catalog.size >= mostBuckets)
    throw new StoreError('ServiceUnavailable', `There are ${mostBuckets} buckets already.`);
  createBucketIn(state.catalog, request.bucket, state.keyring.now());
  return { status: 200, headers: { location: `/${request.bucket}` } };
}

export function headBucket(call: Call): Answer {
  bucketOf(call.state.catalog, call.request.bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': call.state.keyring.region } };
}

/** Removes an empty bucket; uploads that are open in it end. */
export function deleteBucket(call: Call): Answer {
  const { catalog } = call.state;
  const bucket = bucketOf(catalog, call.request.bucket);
  if (bucket.objects.size > 0) throw new StoreError('BucketNotEmpty');
  for (const upload of [...bucket.uploads.values()]) removeUpload(bucket, upload);
  catalog.delete(bucket.name);
  return { status: 204 };
}

/** There is one owner of everything: whoever has the long-lived key. */
export function ownerXml(name: 'Owner' | 'Initiator'): string {
  return branch(name, [leaf('ID', 'store'), leaf('DisplayName', 'store')]);
}

async function checkConfiguration(call: Call): Promise<void> {
  const text = await receiveText({ request: call.request, caller: call.caller, limit: largestConfiguration });
  if (text.trim() === '') return;
  const root = parseXml(text);
  if (root.name !== 'CreateBucketConfiguration') throw new StoreError('MalformedXML');
  const other = root.children.find((child) => child.name !== 'LocationConstraint');
  if (other !== undefined)
    throw new StoreError('NotImplemented', `${other.name} of a bucket is not supported.`);
  const { region } = call.state.keyring;
  const wanted = (childText(root, 'LocationConstraint') ?? '').trim();
  if (wanted !== '' && wanted !== region)
    throw new StoreError('InvalidArgument', `LocationConstraint must be ${region}, the one region here.`);
}
