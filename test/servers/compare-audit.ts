// `node test/servers/compare-audit.ts LOG...`: what the API server's audit logs say that the service asked for, beside what its Role
// grants. Fails, naming verb and resource, when the Role grants what nobody used or lacks what was refused.
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

/** `create jobs.batch`, `get pods/log`: a verb and a resource, as `kubectl auth can-i` writes them. */
export type Permission = string;

/** How often each was asked for, and how often the authorizer refused it. */
export type Uses = Map<Permission, { allowed: number; refused: number }>;

export interface Comparison {
  /** Granted and used: how often. */
  used: Map<Permission, number>;
  unused: Permission[];
  /** Refused because the Role does not have it. */
  missing: Permission[];
}

interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
  resourceNames?: string[];
}

/** The rules of every Role in a manifest. */
export function readGrants(manifest: string): Set<Permission> {
  const objects = parseAllDocuments(manifest).map((document) => document.toJS() as RoleLike);
  const grants = new Set<Permission>();
  for (const { rules = [] } of objects.filter(({ kind }) => kind === 'Role')) {
    for (const { apiGroups, resources, verbs } of rules) {
      for (const group of apiGroups)
        for (const resource of resources) for (const verb of verbs) grants.add(name(verb, resource, group));
    }
  }
  return grants;
}

interface RoleLike {
  kind: string;
  rules?: PolicyRule[];
}

interface AuditEvent {
  auditID: string;
  verb: string;
  requestURI: string;
  user?: { username?: string };
  objectRef?: { resource?: string; subresource?: string; apiGroup?: string };
  annotations?: Record<string, string>;
}

/** The service's accounts in the namespaces of worlds. */
const accounts = /^system:serviceaccount:test-[0-9a-f]+-service:edc-job-provisioner$/;

/** One request is one use, however many events tell of it. Lines that were cut off by the end of the server are left out. */
export async function readUses(lines: AsyncIterable<string> | Iterable<string>): Promise<Uses> {
  const uses: Uses = new Map();
  const seen = new Set<string>();
  for await (const line of lines) {
    const event = parseEvent(line);
    if (event === undefined || seen.has(event.auditID)) continue;
    seen.add(event.auditID);
    if (!accounts.test(event.user?.username ?? '')) continue;
    const permission = permissionOf(event);
    const use = uses.get(permission) ?? { allowed: 0, refused: 0 };
    use[event.annotations?.['authorization.k8s.io/decision'] === 'forbid' ? 'refused' : 'allowed'] += 1;
    uses.set(permission, use);
  }
  return uses;
}

function parseEvent(line: string): AuditEvent | undefined {
  try {
    return JSON.parse(line) as AuditEvent;
  } catch {
    return undefined;
  }
}

function permissionOf({ verb, requestURI, objectRef }: AuditEvent): Permission {
  const { resource, subresource, apiGroup = '' } = objectRef ?? {};
  if (resource === undefined) return `${verb} ${requestURI.replace(/\?.*/, '')}`;
  return name(verb, subresource === undefined ? resource : `${resource}/${subresource}`, apiGroup);
}

function name(verb: string, resource: string, group: string): Permission {
  const [plural = '', ...subresource] = resource.split('/');
  return `${verb} ${[group === '' ? plural : `${plural}.${group}`, ...subresource].join('/')}`;
}

/** What any account may ask, such as `/version`, is nobody's grant; a refusal of what is granted comes from a server that starts. */
export function compareAudit(grants: Set<Permission>, uses: Uses): Comparison {
  const used = new Map<Permission, number>();
  for (const grant of grants) {
    const count = uses.get(grant)?.allowed ?? 0;
    if (count > 0) used.set(grant, count);
  }
  const refused = [...uses].filter(([, use]) => use.refused > 0).map(([permission]) => permission);
  return {
    used,
    unused: [...grants].filter((grant) => !used.has(grant)),
    missing: refused.filter((permission) => !grants.has(permission)),
  };
}

export async function* linesOf(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) yield* createInterface({ input: createReadStream(path), crlfDelay: Infinity });
}

async function main(logs: readonly string[]): Promise<void> {
  if (logs.length === 0) throw new Error('expected the paths of audit logs');
  const role = fileURLToPath(new URL('../../deploy/base/rbac.yaml', import.meta.url));
  const comparison = compareAudit(readGrants(await readFile(role, 'utf8')), await readUses(linesOf(logs)));
  for (const [permission, count] of comparison.used)
    console.log(`${String(count).padStart(8)}  ${permission}`);
  for (const permission of comparison.unused) console.log(`  UNUSED  ${permission}`);
  for (const permission of comparison.missing) console.log(` MISSING  ${permission}`);
  if (comparison.unused.length + comparison.missing.length === 0) return;
  console.error('deploy/base/rbac.yaml does not grant exactly what the service used.');
  process.exitCode = 1;
}

if (import.meta.main) await main(process.argv.slice(2));
