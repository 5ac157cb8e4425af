import { bearerAccess } from './bearer-access.ts';
import { ServiceError } from '../errors.ts';
import type { ResultsConfig } from '../config/config.ts';
import type { HttpDataAddress, Outcome } from '../flow/outcome.ts';
import type { FlowPlan } from '../flow/flow-plan.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { chooseBytes, type ChosenBytes } from './choose-bytes.ts';
import { fileKey, type Manifest, type ManifestFile } from './manifest.ts';
import { mediaTypeOf, encodePath, fileName } from './paths.ts';
import { signResultToken, type ResultKey } from './result-token.ts';

export interface AddressRequest {
  flow: string;
  plan: FlowPlan;
  outcome: Extract<Outcome, { phase: 'succeeded' }>;
  /** Verified. */
  manifest: Manifest;
  connector: { resultsUrl: string };
  keys: readonly ResultKey[];
  store: ObjectStore;
  results: Pick<ResultsConfig, 'addressSeconds' | 'accessTokenSeconds'>;
  now: Date;
  /** Who fetches, if the request says so. */
  consumer?: string | undefined;
}

/** Signature version 4 allows no more. */
const maxPresignSeconds = 7 * 24 * 3600;

/**
 * The HTTP address of the bytes that the template chose: one file or an archive, never a listing. An address at the service is the same on
 * every repeat. A presigned one is signed again and expires at the same time; an archive is not an object of the store, so that its
 * address is always at the service. Throws `object-missing` if the chosen file is not among the results, and `gone` after the expiry.
 */
export async function buildDataAddress(request: AddressRequest): Promise<HttpDataAddress> {
  const { plan, manifest } = request;
  const chosen = chooseBytes(plan.results.choice, manifest);
  if (chosen === undefined)
    throw new ServiceError('object-missing', 'the file that the template chose is not among the results');
  const contentType = contentTypeOf(chosen, plan);
  const presigned = plan.results.address === 'presigned' && chosen.kind === 'file';
  const baseUrl = presigned
    ? await presign(request, chosen.file, contentType)
    : serviceAddress(request, chosen);
  const address = { type: 'HttpData', baseUrl, method: 'GET', contentType } as const;
  const since = Math.floor(Date.parse(request.outcome.at) / 1000);
  return presigned ? address : { ...address, ...bearerMember(request, since) };
}

/** In the token of an address that is handed out before the results exist: those of the verified attempt. */
export const anyAttempt = '-';

/** The address of bytes that are still being made: `…/content` chooses them when they are fetched. It expires with the request's age. */
export function earlyDataAddress(request: BearerParts & { acceptedAt: string }): HttpDataAddress {
  const { flow, acceptedAt, connector, keys, results } = request;
  const since = Math.floor(Date.parse(acceptedAt) / 1000);
  const notAfter = since + results.addressSeconds;
  const token = signResultToken({ flow, attempt: anyAttempt, notAfter }, keys);
  return {
    type: 'HttpData',
    baseUrl: `${connector.resultsUrl}/results/${flow}/${token}/content`,
    method: 'GET',
    ...bearerMember(request, since),
  };
}

type BearerParts = Pick<AddressRequest, 'flow' | 'connector' | 'keys' | 'results' | 'now' | 'consumer'>;

function bearerMember(request: BearerParts, since: number): Pick<HttpDataAddress, 'bearer'> {
  const { consumer, results } = request;
  if (consumer === undefined) return {};
  const until = since + results.addressSeconds;
  return { bearer: bearerAccess({ ...request, consumer, since, until }) };
}

/** `<resultsUrl>/results/<flow>/<token>/…` of the chosen bytes. */
export function serviceAddress(
  request: Pick<AddressRequest, 'flow' | 'plan' | 'outcome' | 'connector' | 'keys'> & ExpiryParts,
  chosen: ChosenBytes,
): string {
  const { flow, plan, outcome, connector, keys } = request;
  const type = plan.results.contentType;
  const media =
    chosen.kind === 'file' && type !== undefined ? { media: { path: chosen.file.path, type } } : {};
  const token = signResultToken(
    { flow, attempt: outcome.results.attempt, notAfter: notAfter(request), ...media },
    keys,
  );
  const base = `${connector.resultsUrl}/results/${flow}/${token}`;
  return chosen.kind === 'file'
    ? `${base}/files/${encodePath(chosen.file.path)}`
    : `${base}/archive.${chosen.format}`;
}

function contentTypeOf(chosen: ChosenBytes, plan: FlowPlan): string {
  if (chosen.kind === 'archive') return mediaTypeOf(`archive.${chosen.format}`);
  return plan.results.contentType ?? mediaTypeOf(chosen.file.path);
}

async function presign(request: AddressRequest, file: ManifestFile, contentType: string): Promise<string> {
  const { store, flow, outcome, now } = request;
  const left = notAfter(request) - Math.floor(now.getTime() / 1000);
  if (left <= 0) throw new ServiceError('gone', 'the time in which the results may be fetched is over');
  const key = fileKey(flow, outcome.results.attempt, file.key);
  const expirySeconds = Math.min(left, maxPresignSeconds);
  return store.presignGet(key, { expirySeconds, contentType, fileName: fileName(file.path) });
}

type ExpiryParts = Pick<AddressRequest, 'outcome'> & { results: Pick<ResultsConfig, 'addressSeconds'> };

/** Counted from the outcome, so that a late or repeated delivery does not extend it. */
function notAfter({ outcome, results }: ExpiryParts): number {
  return Math.floor(Date.parse(outcome.at) / 1000) + results.addressSeconds;
}
