import { mayDo } from '../access/authenticate.ts';
import { createBucketIn, removeUpload } from '../catalog/catalog.ts';
import { checkBucketName } from '../catalog/names.ts';
import { receiveText } from '../content/receive.ts';
import { xmlAnswer, type Answer } from '../http/answer.ts';
import { childText, parseXml } from '../http/parse-xml.ts';
import { StoreError } from '../http/store-error.ts';
import { branch, leaf, s3Document } from '../http/xml.ts';
import { bucketOf, type Call } from './call.ts';

const largestConfiguration = 64 * 1024;
const mostBuckets = 1000;

/** All buckets for the long-lived key; a session gets those that it may list or locate. */
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
  bucketOf(call);
  return { status: 200, headers: { 'x-amz-bucket-region': call.state.keyring.region } };
}

/** Removes an empty bucket and aborts the uploads that are open in it. */
export function deleteBucket(call: Call): Answer {
  const { catalog } = call.state;
  const bucket = bucketOf(call);
  if (bucket.objects.size > 0) throw new StoreError('BucketNotEmpty');
  for (const upload of [...bucket.uploads.values()]) removeUpload(bucket, upload);
  catalog.delete(bucket.name);
  return { status: 204 };
}

/** The holder of the long-lived key owns everything. */
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
