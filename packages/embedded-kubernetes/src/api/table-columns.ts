import type { KubeObject } from '../objects/kube-object.ts';
import { listMember, member, numberMember, textMember } from '../objects/members.ts';
import { humanDuration } from './human-duration.ts';
import { podReady, podRestarts, podStatus } from './pod-columns.ts';

export interface Column {
  name: string;
  /** Only with `-o wide`. */
  wide?: boolean;
  type?: 'string' | 'integer';
  value(object: KubeObject, now: Date): string | number;
}

const name: Column = { name: 'Name', value: (object) => object.metadata.name };
const age: Column = { name: 'Age', value: (object, now) => since(object.metadata.creationTimestamp, now) };

const columns: Record<string, Column[]> = {
  pods: [
    name,
    { name: 'Ready', value: podReady },
    { name: 'Status', value: podStatus },
    { name: 'Restarts', value: podRestarts },
    age,
    { name: 'IP', wide: true, value: (pod) => textMember(pod, 'status', 'podIP') || '<none>' },
    { name: 'Node', wide: true, value: (pod) => textMember(pod, 'spec', 'nodeName') || '<none>' },
  ],
  jobs: [
    name,
    { name: 'Status', value: jobStatus },
    { name: 'Completions', value: jobCompletions },
    { name: 'Duration', value: jobDuration },
    age,
    { name: 'Containers', wide: true, value: (job) => containerMembers(job, 'name') },
    { name: 'Images', wide: true, value: (job) => containerMembers(job, 'image') },
    { name: 'Selector', wide: true, value: (job) => pairs(member(job, 'spec', 'selector', 'matchLabels')) },
  ],
  configmaps: [
    name,
    { name: 'Data', type: 'integer', value: (map) => size(map, 'data') + size(map, 'binaryData') },
    age,
  ],
  namespaces: [name, { name: 'Status', value: (namespace) => textMember(namespace, 'status', 'phase') }, age],
  events: [
    { name: 'Last Seen', value: (event, now) => since(eventTime(event, 'lastTimestamp'), now) },
    { name: 'Type', value: (event) => textMember(event, 'type') },
    { name: 'Reason', value: (event) => textMember(event, 'reason') },
    { name: 'Object', value: involved },
    { name: 'Subobject', wide: true, value: (event) => textMember(event, 'involvedObject', 'fieldPath') },
    { name: 'Source', wide: true, value: (event) => textMember(event, 'source', 'component') },
    { name: 'Message', value: (event) => textMember(event, 'message').trim() },
    { name: 'First Seen', wide: true, value: (event, now) => since(eventTime(event, 'firstTimestamp'), now) },
    { name: 'Count', wide: true, type: 'integer', value: (event) => numberMember(event, 'count') || 1 },
    { ...name, wide: true },
  ],
};

export function columnsFor(resource: string): Column[] {
  return columns[resource] ?? [name, age];
}

function jobStatus(job: KubeObject): string {
  const holding = listMember(job, 'status', 'conditions')
    .filter((condition) => textMember(condition, 'status') === 'True')
    .map((condition) => textMember(condition, 'type'));
  if (job.metadata.deletionTimestamp !== undefined) holding.push('Terminating');
  const order = ['Complete', 'Failed', 'Terminating', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet'];
  return order.find((type) => holding.includes(type)) ?? 'Running';
}

function jobCompletions(job: KubeObject): string {
  const succeeded = numberMember(job, 'status', 'succeeded');
  const completions = member(job, 'spec', 'completions');
  if (typeof completions === 'number') return `${succeeded}/${completions}`;
  const parallelism = numberMember(job, 'spec', 'parallelism');
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: KubeObject, now: Date): string {
  const started = textMember(job, 'status', 'startTime');
  if (started === '') return '';
  const completed = textMember(job, 'status', 'completionTime');
  return since(started, completed === '' ? now : new Date(completed));
}

function containerMembers(job: KubeObject, memberName: string): string {
  const containers = listMember(job, 'spec', 'template', 'spec', 'containers');
  return containers.map((container) => textMember(container, memberName)).join(',');
}

function pairs(labels: unknown): string {
  const entries = Object.entries((labels ?? {}) as Record<string, string>);
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
}

function size(object: KubeObject, memberName: string): number {
  return Object.keys(object[memberName] ?? {}).length;
}

function involved(event: KubeObject): string {
  const kind = textMember(event, 'involvedObject', 'kind').toLowerCase();
  return `${kind}/${textMember(event, 'involvedObject', 'name')}`;
}

function eventTime(event: KubeObject, memberName: string): string {
  return textMember(event, memberName) || textMember(event, 'eventTime') || event.metadata.creationTimestamp;
}

function since(time: string, now: Date): string {
  return humanDuration(now.getTime() - new Date(time).getTime());
}
