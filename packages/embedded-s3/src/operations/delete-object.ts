import { mayDo } from '../access/authenticate.ts';
import { removeObject } from '../catalog/catalog.ts';
import { receiveText } from '../content/receive.ts';
import { xmlAnswer, type Answer } from '../http/answer.ts';
import { childText, parseXml, type XmlElement } from '../http/parse-xml.ts';
import { StoreError } from '../http/store-error.ts';
import { branch, leaf, s3Document } from '../http/xml.ts';
import { bucketOf, type Call } from './call.ts';
import { checkWritePreconditions } from './preconditions.ts';

const largestRequest = 4 * 1024 * 1024;
const mostKeys = 1000;

/** Deletes an object; succeeds where there is none, as in S3. */
export function deleteObject(call: Call): Answer {
  const { request } = call;
  const bucket = bucketOf(call);
  checkWritePreconditions(request, bucket.objects.get(request.key));
  removeObject(bucket, request.key);
  return { status: 204 };
}

/** Deletes up to 1000 objects; the right to delete is checked, and the result reported, for each key. */
export async function deleteObjects(call: Call): Promise<Answer> {
  const { request, caller } = call;
  const root = parseXml(await receiveText({ request, caller, limit: largestRequest }));
  const keys = readKeys(root);
  const quiet = childText(root, 'Quiet') === 'true';
  const bucket = bucketOf(call);
  const results = keys.map((key) => {
    if (!mayDo(caller, { action: 's3:DeleteObject', bucket: bucket.name, key }))
      return branch('Error', [
        leaf('Key', key),
        leaf('Code', 'AccessDenied'),
        leaf('Message', 'Access denied.'),
      ]);
    removeObject(bucket, key);
    return quiet ? '' : branch('Deleted', [leaf('Key', key)]);
  });
  return xmlAnswer(s3Document('DeleteResult', results));
}

function readKeys(root: XmlElement): string[] {
  const objects = root.children.filter((child) => child.name === 'Object');
  if (root.name !== 'Delete' || objects.length === 0 || objects.length > mostKeys)
    throw new StoreError('MalformedXML');
  return objects.map((object) => {
    const version = childText(object, 'VersionId') ?? '';
    if (version !== '' && version !== 'null')
      throw new StoreError('NotImplemented', 'There are no versions to delete here.');
    const other = object.children.find((child) => child.name !== 'Key' && child.name !== 'VersionId');
    if (other !== undefined)
      throw new StoreError('NotImplemented', `${other.name} of an object to delete is not supported.`);
    const key = childText(object, 'Key');
    if (key === undefined || key === '') throw new StoreError('MalformedXML');
    return key;
  });
}
