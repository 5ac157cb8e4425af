import { isRecord } from '../registry/copy.ts';
import { badRequest } from '../registry/status-error.ts';
import type { KubeObject } from '../registry/types.ts';

export type Selector = (object: KubeObject) => boolean;

interface Requirement {
  key: string;
  operator: '=' | '!=' | 'in' | 'notin' | 'exists' | '!';
  values: string[];
}

const equalityPattern = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/;
const setPattern = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const existencePattern = /^(!?)\s*([^\s=!(),]+)$/;

/** `a=b,c!=d,e in (f,g),!h`: all must hold. */
export function parseLabelSelector(text: string): Selector {
  const requirements = splitOutsideParentheses(text).map(parseRequirement);
  return (object) => {
    const labels = object.metadata.labels ?? {};
    return requirements.every((requirement) => holds(requirement, labels));
  };
}

function splitOutsideParentheses(text: string): string[] {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

function parseRequirement(text: string): Requirement {
  const found = parseSet(text) ?? parseEquality(text) ?? parseExistence(text);
  if (found) return found;
  throw badRequest(`unable to parse requirement: ${JSON.stringify(text)} is not a label selector`);
}

function parseSet(text: string): Requirement | undefined {
  const [, key, operator, values] = setPattern.exec(text) ?? [];
  if (key === undefined || values === undefined) return undefined;
  const trimmed = values.split(',').map((value) => value.trim());
  return { key, operator: operator === 'in' ? 'in' : 'notin', values: trimmed };
}

function parseEquality(text: string): Requirement | undefined {
  const [, key, operator, value] = equalityPattern.exec(text) ?? [];
  if (key === undefined || value === undefined) return undefined;
  return { key, operator: operator === '!=' ? '!=' : '=', values: [value] };
}

function parseExistence(text: string): Requirement | undefined {
  const [, negation, key] = existencePattern.exec(text) ?? [];
  return key === undefined ? undefined : { key, operator: negation === '!' ? '!' : 'exists', values: [] };
}

function holds({ key, operator, values }: Requirement, labels: Record<string, string>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
  }
}

const fieldsOfAll = ['metadata.name', 'metadata.namespace'];
const fieldsOf: Record<string, string[]> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'status.phase',
    'status.podIP',
  ],
  jobs: ['status.successful'],
  secrets: ['type'],
  namespaces: ['status.phase'],
  events: [
    ...['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'].map(
      (member) => `involvedObject.${member}`,
    ),
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
};

/** `metadata.name=x,status.phase!=Failed`: the fields a real server supports for the kind, no others. */
export function parseFieldSelector(resource: string, text: string): Selector {
  const supported = [...fieldsOfAll, ...(fieldsOf[resource] ?? [])];
  const requirements = text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const match = /^\s*([^=!]+)(==|=|!=)(.*)$/.exec(part);
      if (!match) throw badRequest(`invalid field selector: ${JSON.stringify(part)}`);
      const [, field = '', operator = '', value = ''] = match;
      if (!supported.includes(field)) throw badRequest(`field label not supported: ${field}`);
      return { field, equal: operator !== '!=', value };
    });
  return (object) =>
    requirements.every(({ field, equal, value }) => (fieldValue(object, field) === value) === equal);
}

function fieldValue(object: KubeObject, field: string): string {
  if (field === 'status.successful') return fieldValue(object, 'status.succeeded') || '0';
  if (field === 'source') return fieldValue(object, 'source.component');
  let value: unknown = object;
  for (const member of field.split('.')) value = isRecord(value) ? value[member] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
