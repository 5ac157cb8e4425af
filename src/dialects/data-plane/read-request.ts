import { ServiceError } from '../../errors.ts';
import type { ProvisionMessage, RequestAddress } from '../dialect.ts';
import { bodyReader } from '../../schemas/read-body.ts';
import { DataPlaneRequestBody } from './schemas.ts';

const readBody = bodyReader(DataPlaneRequestBody);

/** Recognizes a member that no other dialect has. */
export function isDataPlaneRequest(body: object): boolean {
  return 'provisionResourceId' in body;
}

/** The body names no asset: the URL, which the operator sets as the asset's own address, names it or the template. */
export function readDataPlaneRequest(body: unknown, address: RequestAddress): ProvisionMessage {
  const { type, flowId, provisionResourceId, callbackAddress } = readBody(body);
  const message = { type, ids: { flowId, provisionResourceId }, callbackAddress };
  const assetId = address.assetId ?? address.template;
  if (isAssetId(assetId)) return { ...message, assetId };
  // A deprovision needs none: its flow has the asset.
  return { ...message, assetId: '', ...(type === 'provision' ? { problem: withoutAsset() } : {}) };
}

function isAssetId(text: string | undefined): text is string {
  return text !== undefined && /^\P{Cc}{1,1024}$/u.test(text);
}

function withoutAsset(): ServiceError {
  return new ServiceError(
    'invalid-request',
    'assetId: expected /provision/<template> or ?assetId=<id> of 1 to 1024 characters at the end of the URL that the asset has as its baseUrl',
    { field: 'assetId' },
  );
}
