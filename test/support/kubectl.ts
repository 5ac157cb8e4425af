import { execFile } from 'node:child_process';
import { parseAllDocuments } from 'yaml';

export interface Printed {
  stdout: string;
  stderr: string;
}

/** An object of `deploy/`. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  data?: Record<string, string>;
  spec?: {
    volumes?: object[];
    template?: { metadata?: object; spec?: { volumes?: object[] } };
    volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

/** Runs kubectl as the administrator of the tests' cluster. Rejects with what it printed to standard error. */
export async function kubectl(args: string[], input = ''): Promise<Printed> {
  return await runProgram('kubectl', ['--kubeconfig', process.env['TEST_KUBECONFIG'] ?? '', ...args], input);
}

/** The objects of a folder with a kustomization. It needs no cluster. */
export async function renderKustomization(folder: string): Promise<Manifest[]> {
  return readManifests((await runProgram('kubectl', ['kustomize', folder])).stdout);
}

export function readManifests(text: string): Manifest[] {
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
}

export async function runProgram(program: string, args: string[], input = ''): Promise<Printed> {
  const { promise, resolve, reject } = Promise.withResolvers<Printed>();
  const options = { timeout: 120_000, maxBuffer: 16 * 1024 * 1024 };
  const child = execFile(program, args, options, (error, stdout, stderr) => {
    if (error === null) resolve({ stdout, stderr });
    else reject(new Error(`${program} ${args.join(' ')}: ${stderr}`, { cause: error }));
  });
  child.stdin?.on('error', () => undefined).end(input);
  return await promise;
}
