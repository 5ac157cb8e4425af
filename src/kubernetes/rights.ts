import type { Connection } from './connection.ts';

/** One verb on one resource in the Jobs' namespace. */
export interface Right {
  group: string;
  /** With its subresource: `pods/log`. */
  resource: string;
  verb: string;
}

/** The rights that the service needs in the Jobs' namespace. A test compares it with the Role of deploy/base. */
export const neededRights: readonly Right[] = [
  ...rightsOf('batch', 'jobs', ['create', 'get', 'list', 'watch', 'patch', 'delete']),
  ...rightsOf('', 'pods', ['get', 'list', 'watch', 'patch', 'delete']),
  ...rightsOf('', 'pods/log', ['get']),
  ...rightsOf('', 'configmaps', ['create', 'list', 'patch', 'delete']),
  ...rightsOf('', 'secrets', ['get', 'create', 'list', 'patch', 'delete']),
  ...rightsOf('', 'events', ['list']),
  ...rightsOf('coordination.k8s.io', 'leases', ['create', 'get', 'update', 'patch']),
];

function rightsOf(group: string, resource: string, verbs: readonly string[]): Right[] {
  return verbs.map((verb) => ({ group, resource, verb }));
}

/** Few at once, so that the API server does not throttle a start. */
const concurrency = 4;

/** Asks the API server for each right (SelfSubjectAccessReview, open to every authenticated user). Throws `cluster-*`. */
export async function findMissingRights(
  connection: Pick<Connection, 'json'>,
  namespace: string,
  signal: AbortSignal,
): Promise<Right[]> {
  const left = neededRights.values();
  const missing = new Set<Right>();
  async function askInTurn(): Promise<void> {
    for (const right of left)
      if (!(await isGranted(connection, { namespace, ...right }, signal))) missing.add(right);
  }
  await Promise.all(Array.from({ length: concurrency }, askInTurn));
  return neededRights.filter((right) => missing.has(right));
}

async function isGranted(
  connection: Pick<Connection, 'json'>,
  { resource: full, ...attributes }: Right & { namespace: string },
  signal: AbortSignal,
): Promise<boolean> {
  const [resource, subresource] = full.split('/');
  const resourceAttributes = {
    ...attributes,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
  };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const { status } = (await connection.json({ method: 'POST', path, body }, signal)) as {
    status?: { allowed?: boolean };
  };
  return status?.allowed === true;
}

/** For example `create, get of jobs.batch; list of pods`. */
export function describeRights(rights: readonly Right[]): string {
  const verbs = new Map<string, string[]>();
  for (const { group, resource, verb } of rights) {
    const name = group === '' ? resource : `${resource}.${group}`;
    verbs.set(name, [...(verbs.get(name) ?? []), verb]);
  }
  return [...verbs].map(([name, list]) => `${list.join(', ')} of ${name}`).join('; ');
}
