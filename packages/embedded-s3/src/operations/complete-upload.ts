import {
  multipartEtag,
  placeObject,
  removeUpload,
  type Part,
  type StoredObject,
  type Upload,
} from '../catalog/catalog.ts';
import { receiveText } from '../content/receive.ts';
import { holdSegments } from '../content/segments.ts';
import { xmlAnswer, type Answer } from '../http/answer.ts';
import { childText, parseXml, type XmlElement } from '../http/parse-xml.ts';
import { headerOf, type StoreRequest } from '../http/request.ts';
import { StoreError } from '../http/store-error.ts';
import { leaf, s3Document } from '../http/xml.ts';
import { bucketOf, uploadOf, type Call } from './call.ts';
import { checkObjectChecksum, checksumElement, multipartChecksum } from './multipart-checksum.ts';
import { mostParts } from './parts.ts';
import { checkWritePreconditions } from './preconditions.ts';

const largestRequest = 4 * 1024 * 1024;
const smallestPart = 5 * 1024 * 1024;
const largestObject = 5 * 1024 ** 4;

/** CompleteMultipartUpload: the named parts become the object without a copy; the others are removed. */
export async function completeUpload(call: Call): Promise<Answer> {
  const { request, caller, state } = call;
  uploadOf(call);
  const root = parseXml(
    await receiveText({ request: withoutObjectChecksum(request), caller, limit: largestRequest }),
  );
  const bucket = bucketOf(call);
  const upload = uploadOf(call);
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

/** The checksum headers of this request are those of the object, not of the XML in its body. */
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
