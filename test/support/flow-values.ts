import type { Attempt } from '../../src/flow/attempt.ts';
import type { Flow } from '../../src/flow/flow.ts';

export const epoch = Date.parse('2026-01-01T00:00:00.000Z');

/** RFC 3339 of so many seconds after the tests' epoch. */
export function at(seconds: number): string {
  return new Date(epoch + seconds * 1000).toISOString();
}

/** The operator's limits, each another number. */
export const pendingLimits = {
  imagePull: 11,
  unschedulable: 12,
  quota: 13,
  admission: 14,
  configuration: 15,
  volume: 16,
};

const noProtocol = { push: undefined, completion: undefined, readiness: undefined, protocol: undefined };

/** A flow that was accepted and nothing more, with what a test is about on top. */
export function aFlow(members: Partial<Flow> = {}): Flow {
  return {
    name: 'flow-a',
    uid: 'job-uid',
    resourceVersion: '7',
    createdAt: at(0),
    deletedAt: undefined,
    finalizers: ['edc-job-provisioner/outcome'],
    state: 'open',
    suspended: true,
    suspendedSince: undefined,
    resumedAt: undefined,
    jobEnd: undefined,
    request: {
      dialect: 'control-plane',
      connector: 'provider',
      ids: { transferProcessId: 't', resourceDefinitionId: 'r' },
      assetId: 'asset',
      template: 'echo',
      callbackAddress: 'http://127.0.0.1:1/callback',
      acceptedAt: at(0),
    },
    plan: {
      template: 'echo',
      templateDigest: 'd',
      image: 'busybox:1.37',
      results: { choice: { kind: 'auto', archive: 'zip' }, address: 'service', required: [] },
      limits: { pending: 100, run: 1000, upload: 60, stopGrace: 30 },
      retention: 3600,
    },
    content: 'c',
    lastRequestAt: at(0),
    startedAt: undefined,
    pending: undefined,
    credentials: undefined,
    worker: undefined,
    attempt: undefined,
    outcome: undefined,
    delivery: undefined,
    confirmation: undefined,
    terminateInstead: undefined,
    ...noProtocol,
    recordedAt: undefined,
    deprovisionAskedAt: undefined,
    cancel: undefined,
    deletion: undefined,
    resultsDeletedAt: undefined,
    ...members,
  };
}

/** A pod whose worker runs since second 20. */
export function anAttempt(members: Partial<Attempt> = {}): Attempt {
  return {
    id: 'pod-uid',
    pod: 'flow-a-abcde',
    flow: 'flow-a',
    resourceVersion: '9',
    createdAt: at(15),
    phase: 'Running',
    disrupted: undefined,
    deletedAt: undefined,
    grace: 0,
    terminal: false,
    worker: { state: 'running', startedAt: at(20) },
    sidecar: { state: 'running', startedAt: at(15) },
    blocked: undefined,
    unpreparedSince: undefined,
    ...members,
  };
}
