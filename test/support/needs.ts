import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What a scenario may need of the servers it runs on: the one place that says what is missing where, and why it matters. */
const needs = {
  'embedded cluster': {
    isThere: () => process.env['TEST_KUBECONFIG'] === undefined,
    reason: 'drives the embedded cluster itself',
  },
  'embedded store': {
    isThere: () => process.env['TEST_S3_ENDPOINT'] === undefined,
    reason: 'drives the embedded store itself',
  },
  'real node': {
    isThere: () => process.env['TEST_CLUSTER_DIRECTORY'] !== undefined,
    reason: 'needs a kubelet with containers: `npm run test:real`',
  },
  'real admission': {
    isThere: () => process.env['TEST_KUBECONFIG'] !== undefined,
    reason: 'the embedded cluster has no Pod Security: `npm run test:real`',
  },
  'own control plane': {
    isThere: () => process.env['TEST_CLUSTER_DIRECTORY'] !== undefined,
    reason: 'stops, restarts or reads the files of the servers of `npm run test:real`',
  },
  'fake nodes': {
    isThere: () => process.env['TEST_CLUSTER_DIRECTORY'] !== undefined,
    reason: 'a thousand pods at once are more than real nodes carry: `npm run test:real` has kwok',
  },
  'own API server': {
    isThere: () =>
      process.env['TEST_KUBECONFIG'] === undefined || process.env['TEST_CLUSTER_DIRECTORY'] !== undefined,
    reason: 'stops the API server: the embedded one, or that of `npm run test:real`',
  },
  'two real nodes': {
    isThere: () => Number(process.env['TEST_NODES'] ?? 0) >= 2,
    reason: 'a lost node needs another beside it: `npm run test:real`',
  },
  'node to lose': {
    isThere: () =>
      process.env['TEST_KUBECONFIG'] === undefined || Number(process.env['TEST_NODES'] ?? 0) >= 2,
    reason: 'a cluster whose only node is lost gives up no pod: `npm run test:real`',
  },
  'own nodes': {
    isThere: () =>
      process.env['TEST_KUBECONFIG'] === undefined || process.env['TEST_CLUSTER_DIRECTORY'] !== undefined,
    reason: 'gives a node what it does not have: the embedded one, or one of `npm run test:real`',
  },
  '/proc': {
    isThere: () => process.platform === 'linux',
    reason: "finds a container's processes where Linux lists them",
  },
  ffmpeg: {
    isThere: () => isOnPath('ffmpeg') && isOnPath('ffprobe'),
    reason: 'it makes and checks a video with the ffmpeg that is on the PATH',
  },
  chromium: {
    isThere: () => isOnPath('chromium'),
    reason: 'it looks at pages with the chromium that is on the PATH',
  },
  prometheus: {
    isThere: () => isOnPath('prometheus') && isOnPath('promtool'),
    reason: 'it scrapes and tests the alerts: `npm run test:real`, or `test/servers/install prometheus`',
  },
  helm: {
    isThere: () => isOnPath('helm'),
    reason: 'it renders the chart: `npm run test:real`, or `test/servers/install helm`',
  },
  kubectl: {
    isThere: () => isOnPath('kubectl'),
    reason: 'it renders deploy/ by the kubectl that is on the PATH',
  },
  schemathesis: {
    isThere: () => isOnPath('schemathesis'),
    reason:
      'it compares the API with its document: `npm run test:real`, or `test/servers/install schemathesis`',
  },
  'other store': {
    isThere: () => process.env['TEST_S3_ENDPOINT'] !== undefined,
    reason: 'the unit tests have shown it of the embedded store',
  },
  'session policies': {
    isThere: () => process.env['TEST_S3_CREDENTIALS'] !== 'static',
    reason: 'the store has no AssumeRole',
  },
} as const satisfies Record<string, { isThere: () => boolean; reason: string }>;

export type Need = keyof typeof needs;

/** A test that needs one of these may take servers away from all others, or all of the machine: it runs alone. */
export const needsToBeAlone: readonly Need[] = [
  'own control plane',
  'own API server',
  'two real nodes',
  'node to lose',
  'fake nodes',
];

/** For a test's options: skipped by name where the servers lack something that it is about. */
export function needing(...wanted: Need[]): { skip: string | false } {
  const missing = wanted.filter((need) => !needs[need].isThere());
  return {
    skip: missing.length > 0 && missing.map((need) => `no ${need}: ${needs[need].reason}`).join('; '),
  };
}

export function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
