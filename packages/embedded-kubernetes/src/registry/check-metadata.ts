import type { ObjectMeta, OwnerReference } from '../objects/kube-object.ts';
import type { Causes } from './causes.ts';
import type { ResourceDefinition } from './resources.ts';

const annotationsLimit = 256 * 1024;
const labelPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const subdomainPattern = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const qualifiedPattern = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const labelValuePattern = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const labelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const qualifiedRule =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/** Names, labels, annotations, finalizers and owners: the rules that every kind shares. */
export function checkMetadata(meta: ObjectMeta, definition: ResourceDefinition, causes: Causes): void {
  checkName(meta.name, definition.nameFormat, causes);
  checkLabels(meta.labels, 'metadata.labels', causes);
  checkAnnotations(meta.annotations ?? {}, causes);
  for (const [index, finalizer] of (meta.finalizers ?? []).entries()) {
    checkQualifiedName(finalizer, `metadata.finalizers[${index}]`, causes);
  }
  checkOwners(meta.ownerReferences ?? [], causes);
}

export function checkLabels(labels: Record<string, string> | undefined, field: string, causes: Causes): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    checkQualifiedName(key, field, causes);
    const problem = labelValueProblem(value);
    if (problem !== undefined) causes.invalid(field, value, problem);
  }
}

/** Why `value` cannot be a label's value, or undefined. */
function labelValueProblem(value: string): string | undefined {
  if (value.length > 63) return 'must be no more than 63 characters';
  if (labelValuePattern.test(value)) return undefined;
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
}

/** `[prefix/]name`: keys of labels and annotations, and finalizers. */
function checkQualifiedName(key: string, field: string, causes: Causes): void {
  const parts = key.split('/');
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (parts.length > 2) causes.invalid(field, key, 'a qualified name has at most one slash');
  if (prefix !== undefined && (prefix.length > 253 || !subdomainPattern.test(prefix))) {
    causes.invalid(field, key, `prefix part ${subdomainRule}`);
  }
  if (name.length > 63) causes.invalid(field, key, 'name part must be no more than 63 characters');
  if (!qualifiedPattern.test(name)) causes.invalid(field, key, qualifiedRule);
}

export function checkLabelName(name: string, field: string, causes: Causes): void {
  if (name.length > 63) causes.invalid(field, name, 'must be no more than 63 characters');
  if (!labelPattern.test(name)) causes.invalid(field, name, labelRule);
}

function checkName(name: string, format: 'label' | 'subdomain', causes: Causes): void {
  if (name === '') causes.required('metadata.name', 'name or generateName is required');
  else if (format === 'label') checkLabelName(name, 'metadata.name', causes);
  else {
    if (name.length > 253) causes.invalid('metadata.name', name, 'must be no more than 253 characters');
    if (!subdomainPattern.test(name)) causes.invalid('metadata.name', name, subdomainRule);
  }
}

function checkAnnotations(annotations: Record<string, string>, causes: Causes): void {
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    checkQualifiedName(key.toLowerCase(), 'metadata.annotations', causes);
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > annotationsLimit) causes.tooLong('metadata.annotations', annotationsLimit);
}

function checkOwners(owners: OwnerReference[], causes: Causes): void {
  for (const [index, owner] of owners.entries()) {
    for (const member of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (!owner[member])
        causes.required(`metadata.ownerReferences[${index}].${member}`, 'must not be empty');
    }
  }
}
