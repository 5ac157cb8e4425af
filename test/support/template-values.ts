import type { Template } from '../../src/template/template.ts';

/** A template with the defaults, and what a test is about on top. */
export function aTemplate(members: Partial<Template> = {}): Template {
  return {
    name: 'echo',
    directory: '/templates/echo',
    digest: 'd',
    description: 'A template.',
    assets: [],
    parameters: { type: 'object', properties: {}, required: [] },
    fromContract: {},
    envFiles: [],
    inputs: [],
    job: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'a-job' },
      spec: {
        template: {
          spec: { restartPolicy: 'Never', containers: [{ name: 'worker', image: 'busybox:1.37' }] },
        },
      },
    },
    environment: {},
    files: {},
    filesMountPath: '/files',
    results: {
      directory: '/results',
      choice: { kind: 'auto', archive: 'zip' },
      archive: 'zip',
      required: [],
      storage: { size: '1Gi' },
      releaseAfterUpload: false,
      allowEmpty: false,
    },
    address: 'service',
    start: 'when-ready',
    limits: { pending: 100, run: 1000, upload: 60, stopGrace: 30 },
    retention: 3600,
    security: { runAsUser: 1001 },
    egress: 'store',
    gpu: 0,
    pullSecrets: [],
    ...members,
  };
}
