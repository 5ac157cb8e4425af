import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { connect, type Connection } from '../../src/kubernetes/connection.ts';
import type { KubernetesObject } from '../../src/kubernetes/types.ts';
import { readKubeconfig, writeKubeconfig } from './kubeconfig.ts';
import { waitUntil } from './wait-until.ts';

/** As whom the services of a world talk to the cluster. */
export interface ServiceAccess {
  kubeconfig: string;
  /** The token, which is in a file of its own, ends: what it was bound to is deleted. Answered once the API server refuses it. */
  revoke(): Promise<void>;
  /** A new token is in the file. */
  renew(): Promise<void>;
}

interface RbacObject extends KubernetesObject {
  metadata: { name: string; namespace: string };
  subjects?: { kind: string; name: string; namespace: string }[];
}

const rbacFile = fileURLToPath(new URL('../../deploy/base/rbac.yaml', import.meta.url));

const collections: Record<string, { api: string; plural: string }> = {
  ServiceAccount: { api: '/api/v1', plural: 'serviceaccounts' },
  Role: { api: '/apis/rbac.authorization.k8s.io/v1', plural: 'roles' },
  RoleBinding: { api: '/apis/rbac.authorization.k8s.io/v1', plural: 'rolebindings' },
};

export interface ServiceAccountOptions {
  /** The administrator's. */
  kubeconfig: string;
  /** Where the Jobs are; the account itself has a namespace beside it, as in a deployment. */
  namespace: string;
  /** For the kubeconfig and the token. */
  folder: string;
}

/** The account that is deployed, with the Role that is deployed: deploy/base/rbac.yaml, in the namespaces of one world. */
export async function createServiceAccount(
  { kubeconfig, namespace, folder }: ServiceAccountOptions,
  stack: AsyncDisposableStack,
): Promise<ServiceAccess> {
  const connection = await connect({ kubeconfig, namespace, requestTimeoutMillis: 30_000 });
  stack.defer(() => connection.close());
  const home = `${namespace}-service`;
  const api = new Administrator(connection);
  await api.post('/api/v1/namespaces', { kind: 'Namespace', metadata: { name: home } });
  stack.defer(() => api.delete(`/api/v1/namespaces/${home}`));
  const objects = await readRbac({ 'edc-job-provisioner': home, 'edc-jobs': namespace });
  for (const object of objects) {
    const { api: group, plural } = collections[object.kind ?? ''] ?? { api: '', plural: '' };
    await api.post(`${group}/namespaces/${object.metadata.namespace}/${plural}`, object);
  }
  const account = objects.find(({ kind }) => kind === 'ServiceAccount')?.metadata.name ?? '';
  const access = await readKubeconfig(kubeconfig);
  const tokenFile = join(folder, 'service-token');
  const token = new BoundToken({ api, home, account, tokenFile });
  await token.renew();
  await waitUntil('the Role is in force', () => api.mayCreateJobs(`${home}:${account}`, namespace));
  return {
    kubeconfig: await writeKubeconfig(join(folder, 'service-kubeconfig'), { ...access, user: { tokenFile } }),
    revoke: () => token.revoke(),
    renew: () => token.renew(),
  };
}

async function readRbac(namespaces: Record<string, string>): Promise<RbacObject[]> {
  const documents = parseAllDocuments(await readFile(rbacFile, 'utf8'));
  return documents.map((document) => {
    const object = document.toJS() as RbacObject;
    const here = namespaces[object.metadata.namespace] ?? '';
    const subjects = object.subjects?.map((one) => ({ ...one, namespace: namespaces[one.namespace] ?? '' }));
    return {
      ...object,
      metadata: { ...object.metadata, namespace: here },
      ...(subjects === undefined ? {} : { subjects }),
    };
  });
}

class Administrator {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async post(path: string, body: object): Promise<unknown> {
    return await this.#connection.json({ method: 'POST', path, body }, AbortSignal.timeout(30_000));
  }

  async delete(path: string): Promise<void> {
    await this.#connection.json({ method: 'DELETE', path }, AbortSignal.timeout(30_000));
  }

  async mayCreateJobs(account: string, namespace: string): Promise<boolean> {
    const resourceAttributes = { namespace, verb: 'create', group: 'batch', resource: 'jobs' };
    const { status } = (await this.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: { user: `system:serviceaccount:${account}`, resourceAttributes },
    })) as { status: { allowed: boolean } };
    return status.allowed;
  }

  async accepts(token: string): Promise<boolean> {
    const { status } = (await this.post('/apis/authentication.k8s.io/v1/tokenreviews', {
      spec: { token },
    })) as { status: { authenticated?: boolean } };
    return status.authenticated === true;
  }
}

interface BoundTokenParts {
  api: Administrator;
  home: string;
  account: string;
  tokenFile: string;
}

/** Valid as long as the Secret is there that it was bound to. */
class BoundToken {
  readonly #parts: BoundTokenParts;
  #count = 0;
  #token = '';

  constructor(parts: BoundTokenParts) {
    this.#parts = parts;
  }

  async renew(): Promise<void> {
    const { api, home, account, tokenFile } = this.#parts;
    const core = `/api/v1/namespaces/${home}`;
    this.#count += 1;
    const name = `token-${this.#count}`;
    const { metadata } = (await api.post(`${core}/secrets`, { metadata: { name } })) as KubernetesObject;
    const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name, uid: metadata?.uid };
    const { status } = (await api.post(`${core}/serviceaccounts/${account}/token`, {
      spec: { boundObjectRef, expirationSeconds: 7200 },
    })) as { status: { token: string } };
    this.#token = status.token;
    await writeFile(`${tokenFile}.new`, status.token, { mode: 0o600 });
    await rename(`${tokenFile}.new`, tokenFile);
  }

  async revoke(): Promise<void> {
    const { api, home } = this.#parts;
    await api.delete(`/api/v1/namespaces/${home}/secrets/token-${this.#count}`);
    await waitUntil('the token is refused', async () => !(await api.accepts(this.#token)));
  }
}
