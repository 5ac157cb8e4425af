import { isRecord } from '../../objects/copy.ts';
import type { KubeObject } from '../../objects/kube-object.ts';
import { forbidden } from '../../objects/status-error.ts';
import type { Registry } from '../../registry/types.ts';

/** One act on one resource, as a Role grants it. */
export interface Act {
  verb: string;
  group: string;
  /** With its subresource: `pods/log`. */
  resource: string;
  namespace: string | undefined;
  name: string | undefined;
}

/** Whether the Roles that are bound to the user in the act's namespace grant it. There are no roles of the whole cluster. */
export function isGranted(registry: Pick<Registry, 'get' | 'list'>, user: string, act: Act): boolean {
  const { namespace } = act;
  if (namespace === undefined) return false;
  return registry
    .list('rolebindings', namespace)
    .items.filter((binding) => membersOf(binding, 'subjects').some((subject) => isUser(subject, user)))
    .map(({ roleRef }) => (isRecord(roleRef) && roleRef['kind'] === 'Role' ? String(roleRef['name']) : ''))
    .map((name) => registry.get({ resource: 'roles', namespace, name }))
    .some((role) => role && membersOf(role, 'rules').some((rule) => covers(rule, act)));
}

/** Throws the 403 of a real server unless the act is granted. */
export function checkGranted(registry: Pick<Registry, 'get' | 'list'>, user: string, act: Act): void {
  if (isGranted(registry, user, act)) return;
  const { verb, group, resource, namespace, name } = act;
  const [plural = ''] = resource.split('/');
  const subject = `${plural}${group === '' ? '' : `.${group}`}${name === undefined ? '' : ` "${name}"`}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  throw forbidden(
    `${subject} is forbidden: User "${user}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
    { ...(name === undefined ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural },
  );
}

function membersOf(object: KubeObject, member: string): Record<string, unknown>[] {
  const list = object[member];
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

function isUser({ kind, name, namespace }: Record<string, unknown>, user: string): boolean {
  if (kind === 'ServiceAccount') return user === `system:serviceaccount:${String(namespace)}:${String(name)}`;
  return kind === 'User' && user === name;
}

function covers(rule: Record<string, unknown>, { verb, group, resource, name }: Act): boolean {
  const names = textsOf(rule['resourceNames']);
  return (
    includes(rule['verbs'], verb) &&
    includes(rule['apiGroups'], group) &&
    includes(rule['resources'], resource) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
}

function includes(granted: unknown, wanted: string): boolean {
  const texts = textsOf(granted);
  return texts.includes(wanted) || texts.includes('*');
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
