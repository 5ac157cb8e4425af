import { parseObject } from '../api-answer.ts';
import { isSuccess, okHttpHeaders, post, recordPost, sendPersistently, type PostResult } from '../okhttp.ts';
import type { RegisteredDataPlane } from './data-planes.ts';
import { readEndpointAddress, type EndpointAddress } from './endpoint-address.ts';
import { buildMessage } from './messages.ts';
import type { SignalingContext } from './signaling-context.ts';
import type { SignalingMessage, SignalingTransfer } from './signaling-transfer.ts';

/** All that the connector reads of an answer. */
export interface Answer {
  readonly dataPlaneId: string;
  readonly asynchronous: boolean;
  readonly address: EndpointAddress | undefined;
}

export type SendResult =
  { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly errorDetail: string };

const noDataPlane = 'No dataplane found';

/** Sends a new message until it is answered. Each answer but a 2xx is fatal, and so is a lost connection after the last repetition. */
export async function sendMessage(
  context: SignalingContext,
  transfer: SignalingTransfer,
  message: SignalingMessage,
): Promise<SendResult> {
  const plane = planeOf(context, transfer);
  if (plane === undefined) return { ok: false, errorDetail: noDataPlane };
  transfer.bodies.set(message, buildMessage(context, transfer, message));
  const result = await sendPersistently(
    context,
    () => postMessage(context, transfer, message),
    () => !context.store.has(transfer),
  );
  return readAnswer(result, { message, dataPlaneId: plane.dataplaneId });
}

/** Sends the transfer's last message of a kind once, and journals it. */
export async function postMessage(
  context: SignalingContext,
  transfer: SignalingTransfer,
  message: SignalingMessage,
): Promise<PostResult> {
  const { journal, profile, settings } = context;
  const plane = planeOf(context, transfer);
  if (plane === undefined) return { kind: 'lost', timedOut: false, error: noDataPlane };
  const url = urlOf(plane, transfer, message);
  const body = transfer.bodies.get(message) ?? buildMessage(context, transfer, message);
  transfer.bodies.set(message, body);
  const authorization = await settings.authorization?.();
  const headers = {
    ...(authorization === undefined ? {} : { Authorization: authorization }),
    ...okHttpHeaders(url, body, profile.userAgent),
  };
  const at = journal.now();
  transfer.sent[message] += 1;
  const result = await post(context, { url, headers, body });
  recordPost(context, { at, kind: message, transferProcessId: transfer.id, url, headers, body }, result);
  return result;
}

/** The data plane that answered the first message, else one that fits the transfer. */
function planeOf(
  { dataPlanes }: SignalingContext,
  { dataPlaneId, ...wanted }: SignalingTransfer,
): RegisteredDataPlane | undefined {
  return dataPlaneId === undefined ? dataPlanes.select(wanted) : dataPlanes.get(dataPlaneId);
}

/** The id in the path is the transfer's own; that of the data plane's answer is never read. */
function urlOf({ endpoint }: RegisteredDataPlane, { id }: SignalingTransfer, message: SignalingMessage): URL {
  return new URL(
    `${endpoint}/${message === 'prepare' || message === 'start' ? message : `${id}/${message}`}`,
  );
}

function readAnswer(
  result: PostResult,
  { message, dataPlaneId }: { message: SignalingMessage; dataPlaneId: string },
): SendResult {
  if (result.kind === 'lost') return { ok: false, errorDetail: result.error };
  if (!isSuccess(result)) {
    const text = `Data-plane responded with ${result.status} - ${result.reason}. Response body: ${result.body}`;
    return { ok: false, errorDetail: text };
  }
  const answer = { dataPlaneId, asynchronous: false, address: undefined };
  if (!['prepare', 'start', 'resume'].includes(message)) return { ok: true, answer };
  const { state, dataAddress } = parseObject(result.body) ?? {};
  if (typeof state !== 'string') return { ok: false, errorDetail: 'Cannot parse response body: no state' };
  const address = readEndpointAddress(dataAddress);
  return { ok: true, answer: { dataPlaneId, asynchronous: state.endsWith('ING'), address } };
}
