import type { Message } from '../../reconciler/types.ts';
import type { Dialect } from '../dialect.ts';
import { managementPolling } from '../edc/management-polling.ts';
import { carriesS3 } from './data-address.ts';
import { deliver } from './deliver.ts';
import { accessAfter, eventOf, readProtocol } from './flow-protocol.ts';
import { probeSignaling } from './probe/probe-signaling.ts';
import { signalingSettings, type SignalingConnector } from './settings.ts';
import { startSignaling } from './start.ts';
import { decideEvent } from './state-machine.ts';

/** EDC refuses to complete a transfer whose start it has not passed on yet; the consumer's side needs some seconds for it. */
const completionGapMillis = 5000;

/** Data Plane Signaling v1.0: this service is the data plane. EDC from 0.16 on. */
export const signaling: Dialect<SignalingConnector> = {
  name: signalingSettings.dialect,
  carriesContract: true,
  start: startSignaling,
  addresses: {
    service: 'carried',
    presigned: 'carried',
    s3: {
      obstacle: 'its profiles have none for a pull from S3, such as AmazonS3-PULL',
      unless: ({ profiles }) => profiles.some(carriesS3),
    },
  },
  rules: ({ http, reconciler }) => ({
    holdMillis: http.answerDeadlineMillis + reconciler.callbackHoldMillis,
    // A control plane refuses a second `started` without effect, and its next message shows that it took the first.
    lostAttempt: 'repeat',
    onRefusal: 'terminate',
    confirmsDeprovision: false,
    completionGapMillis,
    advance(protocol, message: Message) {
      const flow = readProtocol(protocol);
      const step = decideEvent(flow, eventOf(message));
      const access = step.verdict === 'legal' ? accessAfter(step.acts) : undefined;
      return { ...flow, state: step.next, access: access ?? flow.access };
    },
  }),
  deliver,
  probe: probeSignaling,
  polling: managementPolling('processId'),
};
