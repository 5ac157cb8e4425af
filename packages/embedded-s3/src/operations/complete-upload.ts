import { xmlAnswer, type Answer, type Call } from '../call.ts';
import {
  bucketOf,
  multipartEtag,
  placeObject,
  removeUpload,
  uploadOf,
  type Part,
  type StoredObject,
  type Upload,
} from '../catalog.ts';
import { childText, parseXml, type XmlElement } from '../parse-xml.ts';
import { checkWritePreconditions } from '../preconditions.ts';
import { checkObjectChecksum, checksumElement, multipartChecksum } from '../multipart-checksum.ts';
import { headerOf, type StoreRequest } from '../request.ts';
import { receiveText } from '../receive.ts';
import { holdSegments } from '../segments.ts';
import { StoreError } from '../store-error.ts';
import { leaf, s3Document } from '../xml.ts';

const largestRequest = 4 * 1024 * 1024;
const smallestPart = 5 * 1024 * 1024;
const mostParts = 10_000;
const largestObject = 5 * 1024 ** 4;

/** CompleteMultipartUpload: the parts named become the object, without being copied; the others go. */
export async function completeUpload(call: Call): Promise<Answer> {
  const { request, caller, state } = call;
  const id = request.query.get('uploadId') ?? '';
  uploadOf(bucketOf(state.catalog, request.bucket), request.key, id);
  const root = parseXml(
    await receiveText({ request: withoutObjectChecksum(request), caller, limit: largestRequest }),
  );
  const bucket = bucketOf(state.catalog, request.bucket);
  const upload = uploadOf(bucket, request.key, id);
  const parts = readParts(root, upload);
  const checksum = multipartChecksum(upload, parts);
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  checkSize(request, size);
  checkObjectChecksum(request, checksum);
  checkWritePreconditions(request, bucket.objects.get(request.key));
  const object: StoredObject = {
    segments: parts.flatMap((part) => part.segments),
    size,
    etag: multipartEtag(parts),
    modified: state.keyring.now(),
    headers: upload.headers,
    checksum,
  };
  holdSegments(object.segments);
  removeUpload(bucket, upload);
  placeObject(bucket, request.key, object);
  return xmlAnswer(
    s3Document('CompleteMultipartUploadResult', [
      leaf('Location', `http://${headerOf(request, 'host')}${request.canonicalPath}`),
      leaf('Bucket', bucket.name),
      leaf('Key', upload.key),
      leaf('ETag', `"${object.etag}"`),
      checksum === undefined ? '' : leaf(checksumElement(checksum.algorithm), checksum.value),
      leaf('ChecksumType', checksum?.type),
    ]),
  );
}

/** Checksum headers of this request speak of the object, not of the XML in its body. */
function withoutObjectChecksum(request: StoreRequest): StoreRequest {
  const headers = Object.entries(request.headers).filter(([name]) => !name.startsWith('x-amz-checksum-'));
  return { ...request, headers: Object.fromEntries(headers) };
}

function readParts(root: XmlElement, upload: Upload): Part[] {
  const named = root.children.filter((child) => child.name === 'Part');
  if (root.name !== 'CompleteMultipartUpload' || named.length === 0 || named.length > mostParts)
    throw new StoreError('MalformedXML');
  const numbers = named.map((element) => Number(childText(element, 'PartNumber')));
  if (!numbers.every((number, index) => number > (numbers[index - 1] ?? 0)))
    throw new StoreError('InvalidPartOrder');
  const parts = named.map((element, index) => partOf(element, upload, numbers[index] ?? 0));
  if (parts.slice(0, -1).some((part) => part.size < smallestPart)) throw new StoreError('EntityTooSmall');
  return parts;
}

function partOf(element: XmlElement, upload: Upload, number: number): Part {
  const part = upload.parts.get(number);
  const etag = (childText(element, 'ETag') ?? '').trim().replace(/^"(.*)"$/, '$1');
  if (part?.md5.toString('hex') !== etag)
    throw new StoreError('InvalidPart', `Part ${number} is missing or has another ETag.`);
  if (upload.algorithm === undefined) return part;
  const claimed = childText(element, checksumElement(upload.algorithm));
  if (claimed !== undefined && claimed !== part.checksum?.toString('base64'))
    throw new StoreError('InvalidPart', `Part ${number} has another checksum.`);
  return part;
}

function checkSize(request: StoreRequest, size: number): void {
  if (size > largestObject) throw new StoreError('EntityTooLarge');
  const announced = headerOf(request, 'x-amz-mp-object-size');
  if (announced !== '' && announced !== String(size))
    throw new StoreError(
      'InvalidRequest',
      `The parts have ${size} bytes, x-amz-mp-object-size says ${announced}.`,
    );
}
