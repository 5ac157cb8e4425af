import { ServiceError } from '../../errors.ts';
import type { ProvisionMessage, RequestAddress } from '../dialect.ts';
import { bodyReader } from '../read-body.ts';
import { DataPlaneRequestBody } from './schemas.ts';

const readBody = bodyReader(DataPlaneRequestBody);

/** By a member that no other dialect has. */
export function isDataPlaneRequest(body: object): boolean {
  return 'provisionResourceId' in body;
}

/** The body names no asset: the operator puts it, or the template, into the URL that is the asset's own address. */
export function readDataPlaneRequest(body: unknown, address: RequestAddress): ProvisionMessage {
  const { type, flowId, provisionResourceId, callbackAddress } = readBody(body);
  const assetId = address.assetId ?? address.template;
  // A deprovision is of a flow that has its asset.
  if (type === 'provision' && !isAssetId(assetId)) throw withoutAsset();
  return { type, ids: { flowId, provisionResourceId }, assetId: assetId ?? '', callbackAddress };
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
