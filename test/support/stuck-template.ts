import { stringify } from 'yaml';
import type { PodSpec } from '../../src/kubernetes/types.ts';

type Worker = PodSpec['containers'][number];

export interface StuckOptions {
  /** Members of the worker's container. */
  worker?: Partial<Worker>;
  /** Members of the pod. */
  pod?: Partial<Omit<PodSpec, 'containers'>>;
}

/** A template's folder whose worker would write one small file, if it were not for what the options put in its way. */
export function stuckTemplate({ worker, pod }: StuckOptions = {}): Record<string, string> {
  const container = {
    name: 'worker',
    image: 'busybox:1.37',
    command: ['sh', '-c', 'echo done > "$RESULT_DIRECTORY/done.txt"'],
    resources: {
      requests: { cpu: '50m', memory: '32Mi' },
      limits: { cpu: '1', memory: '256Mi' },
    },
    ...worker,
  };
  const spec = { restartPolicy: 'Never', ...pod, containers: [container] };
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'stuck' },
    spec: { template: { spec } },
  };
  const template = {
    description: 'Cannot start as the cluster is.',
    results: { directory: '/results', storage: { size: '64Mi' } },
  };
  return { 'job.yaml': stringify(job), 'template.yaml': stringify(template) };
}
