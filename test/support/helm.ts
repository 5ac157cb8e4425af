import { deployFolder } from './deploy-overlay.ts';
import { readManifests, runProgram, type Manifest, type Printed } from './kubectl.ts';

/** Helm knows no cluster here; one that is built from its module assumes Kubernetes 1.20. */
const kubernetes = ['--kube-version', '1.34.0'];
const chart = `${deployFolder}helm`;
const example = ['--values', `${chart}/examples/base.yaml`];

/** The objects of the chart with its example settings, as a release of its own name in the namespace of deploy/base. */
export async function renderChart(...options: string[]): Promise<Manifest[]> {
  const release = ['edc-job-provisioner', chart, '--namespace', 'edc-job-provisioner'];
  return readManifests((await helm('template', ...release, ...kubernetes, ...example, ...options)).stdout);
}

/** With its example settings. */
export async function lintChart(...options: string[]): Promise<Printed> {
  return await helm('lint', '--strict', chart, ...kubernetes, ...example, ...options);
}

async function helm(...args: string[]): Promise<Printed> {
  return await runProgram('helm', args);
}
