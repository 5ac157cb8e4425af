import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { dnsLabel, integer, text } from './kinds.ts';

const day = 86_400;

export const ReconcilerSettings = closed({
  identity: Type.Optional(text('Name of this process in the Lease. Default: host name and a random suffix.')),
  leaseName: dnsLabel('Name of the Lease of the replica that reconciles.', {
    default: 'edc-job-provisioner',
  }),
  leaseSeconds: integer(
    { min: 1, max: 300, default: 15 },
    'Another replica may take a Lease that is not renewed for this long.',
  ),
  concurrency: integer({ min: 1, max: 64, default: 32 }, 'Flows that are reconciled at once.'),
  maxRunning: integer(
    { min: 0, max: 100_000, default: 0 },
    'Flows that run at once. Others wait as suspended Jobs, those of higher priority first, then in the order of acceptance. 0: any number.',
  ),
  // 20 ms sufficed for every connector that was observed; a busy one may take longer to save its state.
  callbackHoldMillis: integer(
    { min: 0, max: 60_000, default: 2000 },
    'A callback waits for http.answerDeadlineMillis and this after the last request for its flow.',
  ),
  // A connector's client waits up to eight seconds between two attempts (edc.core.retry.*), and other requests may be queued before it.
  takeoverHoldMillis: integer(
    { min: 0, max: 300_000, default: 12_000 },
    'The least hold for flows from before this replica led.',
  ),
  relistSeconds: integer(
    { min: 1, max: day, default: 300 },
    'Time between two full lists, however well the watches work.',
  ),
  backoff: closed({
    firstMillis: integer({ min: 10, max: 60_000, default: 500 }, 'First pause after a failed step.'),
    maxMillis: integer({ min: 10, max: 3_600_000, default: 60_000 }, 'Longest pause after a failed step.'),
  }),
  deliveryTimeoutMillis: integer(
    { min: 100, max: 120_000, default: 10_000 },
    'Time for one delivery attempt.',
  ),
  deliverySeconds: integer(
    { min: 1, max: 30 * day, default: day },
    'Time after which a delivery is given up, and so is the verification before it.',
  ),
  tombstoneSeconds: integer(
    { min: 0, max: 30 * day, default: day },
    'Time for which an ended Job is kept after its results were deleted.',
  ),
  // Longer than any request takes, since a request creates the Secret before the Job.
  orphanSeconds: integer(
    { min: 30, max: 30 * day, default: 3600 },
    'Age at which parameters without a Job and unused files of templates are deleted.',
  ),
  sweepSeconds: integer(
    { min: 1, max: day, default: 600 },
    'Time between two searches for objects that are to be deleted.',
  ),
  transferPollSeconds: integer(
    { min: 0, max: day, default: 60 },
    'Time between two polls of a connector for ended transfers; 0: never.',
  ),
});
