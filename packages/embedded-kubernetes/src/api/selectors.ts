import { isRecord } from '../objects/copy.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { badRequest } from '../objects/status-error.ts';

export type Selector = (object: KubeObject) => boolean;

const equalityPattern = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/;
const setPattern = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/;
const existencePattern = /^(!?)\s*([^\s=!(),]+)$/;

type Requirement = (labels: Record<string, string>) => boolean;

/** `a=b,c!=d,e in (f,g),!h`: all must hold. */
export function parseLabelSelector(text: string): Selector {
  const requirements = splitOutsideParentheses(text).map(parseRequirement);
  return ({ metadata: { labels = {} } }) => requirements.every((holds) => holds(labels));
}

function splitOutsideParentheses(text: string): string[] {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}

function parseRequirement(text: string): Requirement {
  const [, setKey, setOperator, list] = setPattern.exec(text) ?? [];
  if (setKey !== undefined && list !== undefined) {
    return oneOf(
      setKey,
      list.split(',').map((value) => value.trim()),
      setOperator === 'in',
    );
  }
  const [, key, operator, value] = equalityPattern.exec(text) ?? [];
  if (key !== undefined && value !== undefined) return oneOf(key, [value], operator !== '!=');
  const [, negation, name] = existencePattern.exec(text) ?? [];
  if (name !== undefined) return (labels) => Object.hasOwn(labels, name) === (negation !== '!');
  throw badRequest(`unable to parse requirement: ${JSON.stringify(text)} is not a label selector`);
}

/** An absent label is none of the values. */
function oneOf(key: string, values: string[], wanted: boolean): Requirement {
  return (labels) => (Object.hasOwn(labels, key) && values.includes(labels[key] ?? '')) === wanted;
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
