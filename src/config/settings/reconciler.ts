import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { dnsLabel, integer, text } from './kinds.ts';

const day = 86_400;

export const ReconcilerSettings = closed({
  identity: Type.Optional(
    text({ description: 'Name of this process in the Lease. Default: host name and a random suffix.' }),
  ),
  leaseName: dnsLabel({
    default: 'edc-job-provisioner',
    description: 'Lease of the one replica that reconciles.',
  }),
  leaseSeconds: integer(
    { min: 1, max: 300, default: 15 },
    'A Lease that is not renewed for this long may be taken.',
  ),
  concurrency: integer({ min: 1, max: 64, default: 32 }, 'Flows that are reconciled at once.'),
  // 20 ms after the answer were enough for every connector seen; a busy one may take longer to save its state.
  callbackHoldMillis: integer(
    { min: 0, max: 60_000, default: 2000 },
    'No callback leaves before http.answerDeadlineMillis and this have passed since the last request for its flow.',
  ),
  // A connector's client pauses for eight seconds at most between two tries (edc.core.retry.*), and then there are others before it.
  takeoverHoldMillis: integer(
    { min: 0, max: 300_000, default: 12_000 },
    'The same for flows from before this replica led: a connector that was cut off repeats its request by then.',
  ),
  relistSeconds: integer(
    { min: 1, max: day, default: 300 },
    'Full list as the truth, however well the watch seems.',
  ),
  backoff: closed({
    firstMillis: integer({ min: 10, max: 60_000, default: 500 }, 'First wait after a failed step.'),
    maxMillis: integer({ min: 10, max: 3_600_000, default: 60_000 }, 'Longest wait after a failed step.'),
  }),
  deliveryTimeoutMillis: integer(
    { min: 100, max: 120_000, default: 10_000 },
    'For one attempt at a callback.',
  ),
  deliverySeconds: integer(
    { min: 1, max: 30 * day, default: day },
    'The delivery of an outcome is given up after this, and so is the verification of results before it.',
  ),
  tombstoneSeconds: integer(
    { min: 0, max: 30 * day, default: day },
    'An ended Job is kept this long after its results’ end.',
  ),
  // More than any request may take, which makes the Secret before the Job.
  orphanSeconds: integer(
    { min: 30, max: 30 * day, default: 3600 },
    'A Secret with parameters whose Job never came is deleted after this, and files of a template that no flow uses.',
  ),
  sweepSeconds: integer(
    { min: 1, max: day, default: 600 },
    'Between two searches for what nobody owns any more.',
  ),
  transferPollSeconds: integer(
    { min: 0, max: day, default: 60 },
    'Between two queries of a connector’s management API whether the transfers of its flows under way have ended; 0: never.',
  ),
});
