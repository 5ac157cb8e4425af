import { ServiceError } from '../errors.ts';
import {
  credentialsSecretName,
  inputUrlsSecretName,
  parametersSecretName,
  sinkSecretName,
} from '../flow/names.ts';
import type { Sink, UploadResource } from '../flow/push.ts';
import type { Secret } from '../kubernetes/types.ts';
import type { ScopedCredentials } from '../storage/mint-credentials.ts';
import { authoritiesFile } from './authorities.ts';
import { buildFlowLabels, buildOwnerReference, type Owner } from './metadata.ts';
import type { RenderedTemplate } from '../template/template.ts';

/** What the sidecar needs to talk to the store. */
export interface StoreKeys extends ScopedCredentials {
  /** PEM of the certificate authorities to trust beside the public ones. */
  authorities?: string | undefined;
}

/**
 * Keys of the object store for one flow's prefix. Only the sidecar mounts them. A missing member becomes an empty value: without it, a
 * merge patch would leave the old session token beside new static keys.
 */
export function buildCredentialsSecret(flow: string, keys: StoreKeys, owner: Owner): Secret {
  const { accessKeyId, secretAccessKey, sessionToken = '', expiration = '', authorities } = keys;
  const trusted = authorities === undefined ? {} : { [authoritiesFile]: authorities };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: credentialsSecretName(flow),
      labels: buildFlowLabels(flow),
      ownerReferences: [buildOwnerReference(owner)],
    },
    data: encode({ accessKeyId, secretAccessKey, sessionToken, expiration, ...trusted }),
  };
}

/** Parameters marked `writeOnly` and variables of secret env files. Written before the Job, which becomes its owner later. */
export function buildParametersSecret(
  flow: string,
  { secretEnvironment, digest }: Pick<RenderedTemplate, 'secretEnvironment' | 'digest'>,
): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: parametersSecretName(flow, digest), labels: buildFlowLabels(flow) },
    data: encode(secretEnvironment),
  };
}

/** URLs of inputs, which may hold secrets. Written before the Job, which becomes its owner later. */
export function buildInputUrlsSecret(flow: string, urls: Readonly<Record<string, string>>): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: inputUrlsSecretName(flow), labels: buildFlowLabels(flow) },
    data: encode(urls),
  };
}

/** Where the results are sent, or come from. Written before the Job, which becomes its owner later, or once there is one. */
export function buildSinkSecret(flow: string, sink: Sink, owner?: Owner): Secret {
  const owners = owner === undefined ? {} : { ownerReferences: [buildOwnerReference(owner)] };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: sinkSecretName(flow), labels: buildFlowLabels(flow), ...owners },
    data: encode({ sink: JSON.stringify(sink) }),
  };
}

/** Throws `internal` if the Secret was changed by hand. */
export function readSinkSecret({ data }: Secret): Sink {
  try {
    return JSON.parse(Buffer.from(data?.['sink'] ?? '', 'base64').toString('utf8')) as Sink;
  } catch {
    throw new ServiceError('internal', 'the Secret with the sink of the results holds none');
  }
}

/** A patch for the Secret with the sink. A sink that replaces this one has offered nothing. */
export function buildUploadResource(
  { url: sink }: Pick<Sink, 'url'>,
  resource: UploadResource,
): Pick<Secret, 'data'> {
  return { data: encode({ upload: JSON.stringify({ ...resource, sink }) }) };
}

/** Undefined if this sink has offered none. */
export function readUploadResource(
  { data }: Secret,
  { url: sink }: Pick<Sink, 'url'>,
): UploadResource | undefined {
  const kept = parse(data?.['upload']) as Partial<UploadResource & { sink: string }> | undefined;
  const { url, etag } = kept ?? {};
  if (kept?.sink !== sink || typeof url !== 'string' || typeof etag !== 'string') return undefined;
  return { url, etag };
}

/** What was changed by hand is as good as absent. */
function parse(encoded: string | undefined): unknown {
  try {
    return JSON.parse(Buffer.from(encoded ?? '', 'base64').toString('utf8')) ?? undefined;
  } catch {
    return undefined;
  }
}

function encode(values: Record<string, string>): Record<string, string> {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
