import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TemplateSettings } from '../../../src/template/template.ts';

export const templateYaml = `description: Made for tests.
parameters:
  properties:
    SIZE:
      type: integer
      minimum: 1
      default: 2
    CPUS: { type: number, default: 0.5 }
    IMAGE: { type: string, enum: [node:24-slim, busybox:1.37], default: node:24-slim }
    TOKEN: { type: string, writeOnly: true }
    NAME: { type: string }
results:
  directory: /results
  file: out.json
`;

export const jobYaml = `apiVersion: batch/v1
kind: Job
metadata:
  name: sample
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: worker
          image: node:24-slim
          command: [node, /opt/template/run.mjs]
          args: [--size, $(SIZE)]
          resources:
            limits:
              cpu: 500m
              memory: 64Mi
`;

export type Files = Record<string, string | Buffer | undefined>;

/** A folder of templates with one named `sample`; it is removed when the block ends. */
export async function makeTemplates(
  files: Files,
  name = 'sample',
): Promise<AsyncDisposable & { directory: string; folder: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'templates-'));
  const folder = join(directory, name);
  const all: Files = { 'template.yaml': templateYaml, 'job.yaml': jobYaml, ...files };
  for (const [path, content] of Object.entries(all)) {
    if (content === undefined) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return {
    directory,
    folder,
    [Symbol.asyncDispose]: async () => {
      await rm(directory, { recursive: true });
    },
  };
}

export const templateSettings: TemplateSettings = {
  images: {
    sidecar: 'edc-job-provisioner:test',
    sidecarPullPolicy: 'IfNotPresent',
    allow: ['node:24-slim', 'busybox:*'],
    pullSecrets: ['registry'],
    allowedPullSecrets: ['other-registry'],
  },
  pods: {
    runAsUser: 1001,
    allowedSecrets: ['licence'],
    allowedPersistentVolumeClaims: ['maps'],
    allowedStorageClasses: ['fast'],
    priorities: {},
    sidecar: { cpuRequest: '50m', cpuLimit: '1', memoryRequest: '96Mi', memoryLimit: '256Mi' },
    gpu: {
      resource: 'example.com/gpu',
      runtimeClassName: 'gpu-runtime',
      nodeSelector: { accelerator: 'yes' },
      tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
    },
    egressClasses: ['partners'],
    limits: { pending: 3600, run: 21_600, upload: 600, stopGrace: 30, maxRun: 86_400, maxUpload: 7200 },
    pendingLimits: {
      imagePull: 60,
      unschedulable: 60,
      quota: 60,
      admission: 60,
      configuration: 60,
      volume: 60,
    },
    unreachableSeconds: 30,
    retentionSeconds: 604_800,
    keptLogBytes: 0,
  },
  store: {
    endpoint: 'http://store.test',
    podEndpoint: 'http://store.pods.test',
    publicEndpoint: 'http://store.test',
    region: 'us-east-1',
    bucket: 'results',
    credentials: 'sts',
    sts: { endpoint: 'http://store.test', region: 'us-east-1' },
    credentialSeconds: 3600,
    requestTimeoutMillis: 1000,
  },
};
