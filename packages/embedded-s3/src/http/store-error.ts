/** Every error code of this store, its HTTP status and its default message. */
const answers = {
  AccessDenied: [403, 'Access denied.'],
  AuthorizationHeaderMalformed: [
    400,
    'The Authorization header is not of the form AWS Signature Version 4 asks for.',
  ],
  AuthorizationQueryParametersError: [400, 'The query parameters of the presigned URL are not valid.'],
  BadDigest: [400, 'The digest that was sent does not match the content that was received.'],
  BucketAlreadyOwnedByYou: [409, 'The bucket exists already and is yours.'],
  BucketNotEmpty: [409, 'The bucket still holds objects.'],
  EntityTooLarge: [400, 'The content is larger than the largest allowed.'],
  EntityTooSmall: [400, 'A part other than the last is smaller than 5 MiB.'],
  ExpiredToken: [400, 'The session of these credentials has ended.'],
  IncompleteBody: [400, 'The content is not as long as the request said.'],
  InternalError: [500, 'The store failed to answer this request.'],
  InvalidAccessKeyId: [403, 'No such access key is known here.'],
  InvalidArgument: [400, 'An argument is not valid.'],
  InvalidBucketName: [400, 'The bucket name is not valid.'],
  InvalidDigest: [400, 'Content-MD5 is not the base64 form of 16 bytes.'],
  InvalidObjectName: [
    400,
    'The object key is not valid: no empty, "." or ".." segments and no control characters.',
  ],
  InvalidPart: [400, 'A part is missing or its ETag or checksum differs from what was uploaded.'],
  InvalidPartOrder: [400, 'The parts are not listed in ascending order.'],
  InvalidRange: [416, 'The requested range lies outside the object.'],
  InvalidRequest: [400, 'The request is not valid.'],
  InvalidTokenId: [403, 'The security token of the request is not the one of these credentials.'],
  InvalidURI: [400, 'The request target cannot be decoded.'],
  KeyTooLongError: [400, 'The object key is longer than 1024 bytes.'],
  MalformedPolicyDocument: [400, 'The session policy is not one this store can enforce.'],
  MalformedXML: [400, 'The XML of the request is not well-formed or not what this operation expects.'],
  MetadataTooLarge: [400, 'The user metadata is larger than 2 KiB.'],
  MissingContentLength: [411, 'The request must say how long its content is.'],
  NoSuchBucket: [404, 'The bucket does not exist.'],
  NoSuchBucketPolicy: [404, 'The bucket has no policy.'],
  NoSuchKey: [404, 'The object does not exist.'],
  NoSuchLifecycleConfiguration: [404, 'The bucket has no lifecycle configuration.'],
  NoSuchTagSet: [404, 'There are no tags.'],
  NoSuchUpload: [404, 'The multipart upload does not exist: it was completed, aborted or never started.'],
  NotImplemented: [501, 'This store does not implement that.'],
  ObjectLockConfigurationNotFoundError: [404, 'The bucket has no object lock configuration.'],
  PreconditionFailed: [412, 'A precondition of the request does not hold.'],
  ReplicationConfigurationNotFoundError: [404, 'The bucket has no replication configuration.'],
  RequestTimeTooSkewed: [403, 'The time of the request differs from the time here by more than 15 minutes.'],
  ServerSideEncryptionConfigurationNotFoundError: [404, 'The bucket has no encryption configuration.'],
  ServiceUnavailable: [503, 'The store cannot serve this now.'],
  SignatureDoesNotMatch: [
    403,
    'The signature differs from the one computed here: check the secret key and what was signed.',
  ],
  XAmzContentSHA256Mismatch: [400, 'The content does not have the SHA-256 that was signed.'],
  InvalidAction: [400, 'The action is not one this endpoint offers.'],
  InvalidParameterValue: [400, 'A parameter is not valid.'],
} as const satisfies Record<string, readonly [number, string]>;

export type StoreErrorCode = keyof typeof answers;

/** An error in the form of S3; anything else that is thrown becomes a 500 InternalError. */
export class StoreError extends Error {
  readonly code: StoreErrorCode;
  readonly status: number;

  constructor(code: StoreErrorCode, message?: string) {
    super(message ?? answers[code][1]);
    this.name = 'StoreError';
    this.code = code;
    this.status = answers[code][0];
  }
}
