import { conflict, parseObject, problem, unreadable } from '../api-answer.ts';
import type { ApiAnswer, ApiRequest } from '../api-answer.ts';
import { readEndpointAddress } from './endpoint-address.ts';
import type { SignalingContext } from './signaling-context.ts';
import type { Notification, SignalingState, SignalingTransfer } from './signaling-transfer.ts';

interface Callback {
  readonly name: Notification;
  readonly request: ApiRequest;
}

/** `POST {callbackAddress}/transfers/{id}/dataflow/{name}`. */
export function answerCallback(context: SignalingContext, id: string, callback: Callback): ApiAnswer {
  const { store, settings } = context;
  const transfer = store.get(id);
  if (transfer === undefined || !settings.acceptsCallback(callback.request.authorization))
    return problem(401, 'AuthenticationFailed', 'Not authorized');
  transfer.received[callback.name] += 1;
  const answer = react(context, transfer, callback);
  store.changed();
  return answer;
}

function react(context: SignalingContext, transfer: SignalingTransfer, callback: Callback): ApiAnswer {
  // The connector looks for a data plane whose id it has not saved yet, or never will.
  if (transfer.dataPlaneId === undefined) return serverError(context, callback.request);
  if (callback.name === 'completed') return completed(context, transfer);
  if (callback.request.body === '') return serverError(context, callback.request);
  const message = parseObject(callback.request.body);
  if (message === undefined) return unreadable('Cannot deserialize DataFlowStatusMessage');
  if (callback.name === 'errored') {
    transfer.errors.push(String(message['error']));
    return { status: 200 };
  }
  if (typeof message['state'] !== 'string') return serverError(context, callback.request);
  return ready(context, transfer, { ...callback, message });
}

/** Accepted from a started transfer only; the body is ignored. */
function completed({ store }: SignalingContext, transfer: SignalingTransfer): ApiAnswer {
  if (isLeased(transfer)) return leased();
  if (transfer.state !== 'STARTED' && transfer.state !== 'COMPLETING')
    return conflict('CompleteTransferCommand', transfer.id, transfer.state);
  store.move(transfer, 'COMPLETING');
  return { status: 200 };
}

/** `started` moves a provider's transfer to STARTING, `prepared` a consumer's to REQUESTING. */
function ready(
  context: SignalingContext,
  transfer: SignalingTransfer,
  { name, request, message }: Callback & { message: Record<string, unknown> },
): ApiAnswer {
  const isConsumer = transfer.side === 'consumer';
  if (isConsumer && name === 'started') return conflict('NotifyStartedCommand', transfer.id, transfer.state);
  if (isLeased(transfer)) return leased();
  const from: SignalingState[] = isConsumer
    ? ['PREPARATION_REQUESTED', 'REQUESTING']
    : ['STARTUP_REQUESTED', 'SUSPENDED'];
  if (!from.includes(transfer.state)) return serverError(context, request);
  transfer.address = readEndpointAddress(message['dataAddress']) ?? transfer.address;
  context.store.move(transfer, isConsumer ? 'REQUESTING' : 'STARTING');
  return { status: 200 };
}

/** From a `started` on, the state machine holds the transfer until the counterparty has got it. */
function isLeased({ leased, state }: SignalingTransfer): boolean {
  return leased || state === 'STARTING';
}

function leased(): ApiAnswer {
  return problem(409, 'ObjectConflict', 'Entity is already leased');
}

/** The page of the connector's web server. */
function serverError({ controls }: SignalingContext, { path }: ApiRequest): ApiAnswer {
  const uri = `${new URL(controls.callbackAddress).origin}${path}`;
  const body = `<html>
<head>
<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>
<title>Error 500 Internal Server Error</title>
</head>
<body>
<h2>HTTP ERROR 500 Internal Server Error</h2>
<table>
<tr><th>URI:</th><td>${uri}</td></tr>
<tr><th>STATUS:</th><td>500</td></tr>
<tr><th>MESSAGE:</th><td>Internal Server Error</td></tr>
</table>

</body>
</html>
`;
  return { status: 500, contentType: 'text/html;charset=iso-8859-1', body };
}
