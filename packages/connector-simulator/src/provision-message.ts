import { okHttpHeaders, post, recordPost, sendPersistently, type PostResult } from './okhttp.ts';
import type { SimulatorContext } from './simulator-context.ts';
import type { TransferProcess } from './transfer-process.ts';

export type MessageType = 'provision' | 'deprovision';

export interface MessageParts {
  readonly type: MessageType;
  /** A deprovision names that of the provisioned resource; default: that of the process. */
  readonly resourceDefinitionId?: string | undefined;
  /** Another asset under the same ids, which no real connector sends. */
  readonly assetId?: string | undefined;
}

/** Sends a message until it gets an answer; after the last pause the state machine starts the step again. */
export function postPersistently(
  context: SimulatorContext,
  process: TransferProcess,
  message: MessageParts,
): Promise<PostResult> {
  return sendPersistently(
    context,
    () => postMessage(context, process, message),
    () => !context.store.has(process),
  );
}

/** Sends a provision or deprovision request once, as the connector's OkHttp client does, and journals it. */
export async function postMessage(
  context: SimulatorContext,
  process: TransferProcess,
  message: MessageParts,
): Promise<PostResult> {
  const { journal, controls, profile } = context;
  const body = buildProvisionMessage(context, process, message);
  const url = new URL(controls.provisionUrl);
  // A data plane posts to the asset's own address, whose query names the asset.
  if (profile.dataPlane !== undefined) url.searchParams.set('assetId', message.assetId ?? process.assetId);
  const headers = okHttpHeaders(url, body, profile.userAgent);
  const at = journal.now();
  process.counts[message.type] += 1;
  const result = await post(context, { url, headers, body });
  if (message.type === 'provision' && result.kind === 'answered') process.answeredAt = journal.now();
  recordPost(context, { at, kind: message.type, transferProcessId: process.id, url, headers, body }, result);
  return result;
}

/** The body as the connector's Jackson writes it: members, order and nulls included. */
function buildProvisionMessage(
  { profile, controls: { callbackAddress } }: SimulatorContext,
  process: TransferProcess,
  { type, assetId = process.assetId, resourceDefinitionId = process.resourceDefinitionId }: MessageParts,
): string {
  // A data plane's message does not name the asset.
  if (profile.dataPlane !== undefined) {
    const { id: flowId, resourceDefinitionId: provisionResourceId } = process;
    return JSON.stringify({ type, provisionResourceId, flowId, callbackAddress });
  }
  return JSON.stringify({
    assetId,
    transferProcessId: process.id,
    policy: {
      permissions: [],
      prohibitions: [],
      obligations: [],
      profiles: [],
      extensibleProperties: {},
      inheritsFrom: null,
      assigner: 'provider',
      assignee: process.assignee,
      target: assetId,
      '@type': { '@policytype': 'contract' },
    },
    callbackAddress,
    ...(profile.namesRequestType ? { type } : {}),
    resourceDefinitionId,
  });
}
