import { annotation, writeAnnotation } from '../../src/flow/annotations.ts';
import type { Flow } from '../../src/flow/flow.ts';
import { evidenceFinalizer, evidenceLabel, flowLabel, stateLabel } from '../../src/flow/labels.ts';
import type { Job, Pod } from '../../src/kubernetes/types.ts';
import { aFlow } from './flow-values.ts';

const containers = [{ name: 'worker', image: 'busybox:1.37' }];

/** The Job that `readFlow` reads this flow of, to be created in a cluster. */
export function aJob(members: Partial<Flow> = {}): Job {
  const flow = aFlow(members);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: flow.name,
      labels: { [flowLabel]: flow.name, [stateLabel]: flow.state },
      finalizers: flow.finalizers,
      annotations: annotationsOf(flow),
    },
    spec: {
      suspend: flow.suspended,
      template: {
        metadata: { labels: { [flowLabel]: flow.name } },
        spec: { restartPolicy: 'Never', containers },
      },
    },
  };
}

/** One of its pods, held until its end is written down. */
export function aPod(flow: string, name: string, finalizers = [evidenceFinalizer]): Pod {
  const labels = { [flowLabel]: flow, [evidenceLabel]: 'held' };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels, finalizers },
    spec: { restartPolicy: 'Never', containers },
  };
}

function annotationsOf(flow: Flow): Record<string, string> {
  const { credentials, worker, attempt, outcome, delivery, cancel } = flow;
  const { terminateInstead, protocol, push } = flow;
  const texts = Object.entries({
    [annotation.content]: flow.content,
    [annotation.lastRequestAt]: flow.lastRequestAt,
    [annotation.startedAt]: flow.startedAt,
    [annotation.recordedAt]: flow.recordedAt,
    [annotation.deprovision]: flow.deprovisionAskedAt,
    [annotation.resultsDeletedAt]: flow.resultsDeletedAt,
  });
  return {
    ...Object.fromEntries(texts.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    ...writeAnnotation(annotation.request, flow.request),
    ...writeAnnotation(annotation.plan, flow.plan),
    ...(protocol === undefined ? {} : writeAnnotation(annotation.protocol, protocol)),
    ...(push === undefined ? {} : writeAnnotation(annotation.push, push)),
    ...(credentials === undefined ? {} : writeAnnotation(annotation.credentials, credentials)),
    ...(worker === undefined ? {} : writeAnnotation(annotation.worker, worker)),
    ...(attempt === undefined ? {} : writeAnnotation(annotation.attempt, attempt)),
    ...(outcome === undefined ? {} : writeAnnotation(annotation.outcome, outcome)),
    ...(delivery === undefined ? {} : writeAnnotation(annotation.delivery, delivery)),
    ...(terminateInstead === undefined ? {} : writeAnnotation(annotation.terminateInstead, terminateInstead)),
    ...(cancel === undefined ? {} : writeAnnotation(annotation.cancel, cancel)),
  };
}
