import type { KubeObject } from '../objects/kube-object.ts';
import { podSpecOf } from '../objects/pod.ts';
import { detailsOf, forbidden, qualified, type StatusError } from '../objects/status-error.ts';
import { quotaRefusal } from './quota.ts';
import type { ResourceDefinition } from './resources.ts';
import type { Store } from './store.ts';

/** What is asked of an object that is right in itself: may it be in this cluster, in this namespace? Throws 403 if not. */
export function admitObject(store: Store, definition: ResourceDefinition, object: KubeObject): void {
  const { namespace, name } = object.metadata;
  if (namespace === undefined) return;
  if (definition.plural === 'pods') checkReferences(store, definition, object);
  const refusal = quotaRefusal(store, definition, object);
  if (refusal !== undefined) throw refused(definition, name, refusal);
}

function refused(definition: ResourceDefinition, name: string, why: string): StatusError {
  return forbidden(`${qualified(definition)} "${name}" is forbidden: ${why}`, detailsOf(definition, name));
}

function checkReferences(store: Store, definition: ResourceDefinition, pod: KubeObject): void {
  const { name, generateName, namespace = '' } = pod.metadata;
  const spec = podSpecOf(pod);
  const why = missingReference(store, namespace, spec);
  // A real server looks at these before it has made up a name.
  if (why !== undefined) throw refused(definition, generateName ?? name, why);
}

function missingReference(
  store: Store,
  namespace: string,
  spec: Record<string, unknown>,
): string | undefined {
  const { priorityClassName, runtimeClassName } = spec;
  if (typeof priorityClassName === 'string' && !priorityClassName.startsWith('system-')) {
    return `no PriorityClass with name ${priorityClassName} was found`;
  }
  const account = String(spec['serviceAccountName']);
  if (!store.find({ resource: 'serviceaccounts', namespace, name: account })) {
    return `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`;
  }
  if (typeof runtimeClassName !== 'string') return undefined;
  return `pod rejected: RuntimeClass "${runtimeClassName}" not found`;
}
