import { isDeepStrictEqual } from 'node:util';

import type { Causes } from '../causes.ts';
import { copyOf } from '../copy.ts';
import type { KubeObject } from '../types.ts';
import { checkLabels } from '../validate-metadata.ts';
import { applyPodSpecDefaults, checkPodSpec } from './pod-spec.ts';
import type { KindRules } from './rules.ts';
import { jobSpecOf } from './shapes.ts';
import type { JobSpecShape, PodFailureRuleShape, PodTemplateShape } from './shapes.ts';

export const jobRules: KindRules = {
  applyDefaults(object) {
    const spec = jobSpecOf(object);
    object['spec'] = spec;
    if (spec.parallelism === undefined && spec.completions === undefined) spec.completions = 1;
    spec.parallelism ??= 1;
    spec.completionMode ??= 'NonIndexed';
    spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2147483647;
    spec.suspend ??= false;
    spec.manualSelector ??= false;
    spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed';
    for (const rule of spec.podFailurePolicy?.rules ?? []) {
      for (const condition of rule.onPodConditions ?? []) condition.status ??= 'True';
    }
    defaultTemplate(object, spec);
  },
  check(object, causes) {
    checkJobSpec(jobSpecOf(object), causes);
    if (object.metadata.name.length > 63) {
      causes.invalid('metadata.name', object.metadata.name, 'must be no more than 63 characters');
    }
  },
  checkUpdate(next, current, causes) {
    checkImmutable(next, current, causes);
  },
};

function defaultTemplate(object: KubeObject, spec: JobSpecShape): void {
  spec.template ??= {};
  const metadata = (spec.template.metadata ??= {});
  if (Object.keys(object.metadata.labels ?? {}).length === 0 && metadata.labels) {
    object.metadata.labels = { ...metadata.labels };
  }
  // A replacement without the generated parts gets them again: they follow from the uid.
  if (!spec.manualSelector && object.metadata.uid) {
    const { uid, name } = object.metadata;
    metadata.labels = {
      ...metadata.labels,
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
      'controller-uid': uid,
      'job-name': name,
    };
    spec.selector ??= { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  }
  spec.template.spec ??= {};
  // In a Job the default restart policy (Always) is not allowed: leave its absence to be reported.
  const given = spec.template.spec.restartPolicy;
  applyPodSpecDefaults(spec.template.spec);
  if (given === undefined) delete spec.template.spec.restartPolicy;
}

function checkJobSpec(spec: JobSpecShape, causes: Causes): void {
  const counts = [
    'parallelism',
    'completions',
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ] as const;
  for (const member of counts) causes.notNegative(`spec.${member}`, spec[member]);
  causes.oneOf('spec.completionMode', spec.completionMode, ['NonIndexed', 'Indexed']);
  if (spec.completionMode === 'Indexed' && spec.completions === undefined) {
    causes.required('spec.completions', 'when completion mode is Indexed');
  }
  if (!spec.selector) causes.required('spec.selector');
  const template = spec.template ?? {};
  checkLabels(template.metadata?.labels, 'spec.template.metadata.labels', causes);
  checkSelected(spec, template, causes);
  checkPodSpec(template.spec ?? {}, 'spec.template.spec', causes);
  checkRestartPolicy(template.spec?.restartPolicy, causes);
  checkFailurePolicy(spec, causes);
}

function checkSelected(spec: JobSpecShape, template: PodTemplateShape, causes: Causes): void {
  const labels = template.metadata?.labels ?? {};
  const wanted = Object.entries(spec.selector?.matchLabels ?? {});
  if (wanted.every(([key, value]) => labels[key] === value)) return;
  causes.invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
}

function checkRestartPolicy(policy: string | undefined, causes: Causes): void {
  const field = 'spec.template.spec.restartPolicy';
  if (policy === undefined) causes.required(field, 'valid values: "OnFailure", "Never"');
  else causes.oneOf(field, policy, ['OnFailure', 'Never']);
}

function checkFailurePolicy(spec: JobSpecShape, causes: Causes): void {
  if (!spec.podFailurePolicy) {
    causes.oneOf('spec.podReplacementPolicy', spec.podReplacementPolicy, ['Failed', 'TerminatingOrFailed']);
    return;
  }
  causes.oneOf('spec.podReplacementPolicy', spec.podReplacementPolicy, ['Failed']);
  if (spec.template?.spec?.restartPolicy !== 'Never') {
    const detail = 'only "Never" is supported when podFailurePolicy is specified';
    causes.invalid('spec.template.spec.restartPolicy', spec.template?.spec?.restartPolicy, detail);
  }
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {};
  const names = [...containers, ...initContainers].map((container) => container.name ?? '');
  for (const [index, rule] of (spec.podFailurePolicy.rules ?? []).entries()) {
    checkFailureRule({ rule, at: `spec.podFailurePolicy.rules[${index}]`, names }, causes);
  }
}

function checkFailureRule(
  { rule, at, names }: { rule: PodFailureRuleShape; at: string; names: string[] },
  causes: Causes,
): void {
  causes.oneOf(`${at}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore']);
  const { onExitCodes, onPodConditions } = rule;
  if ((onExitCodes === undefined) === (onPodConditions === undefined)) {
    causes.invalid(
      at,
      rule.action,
      'specifying one of OnExitCodes and OnPodConditions is required, and not both',
    );
  }
  if (onExitCodes) {
    causes.oneOf(`${at}.onExitCodes.operator`, onExitCodes.operator, ['In', 'NotIn']);
    if ((onExitCodes.values ?? []).length === 0)
      causes.invalid(`${at}.onExitCodes.values`, [], 'at least one value is required');
    if (onExitCodes.operator === 'In' && onExitCodes.values?.includes(0)) {
      causes.invalid(`${at}.onExitCodes.values`, 0, 'must not be 0 for the In operator');
    }
    const { containerName } = onExitCodes;
    if (containerName !== undefined && !names.includes(containerName)) {
      causes.invalid(
        `${at}.onExitCodes.containerName`,
        containerName,
        'must be one of the container or initContainer names in the pod template',
      );
    }
  }
}

const immutableMembers = [
  'selector',
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
  'manualSelector',
];

function checkImmutable(next: KubeObject, current: KubeObject, causes: Causes): void {
  const spec = jobSpecOf(next);
  const old = jobSpecOf(current);
  for (const member of immutableMembers) {
    if (!isDeepStrictEqual(spec[member], old[member]))
      causes.invalid(`spec.${member}`, spec[member] ?? null, 'field is immutable');
  }
  const resizable = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  if (spec.completions !== old.completions && !resizable) {
    causes.invalid('spec.completions', spec.completions ?? null, 'field is immutable');
  }
  const startTime = (current['status'] as { startTime?: string } | undefined)?.startTime;
  const template =
    old.suspend === true && startTime === undefined
      ? withDirectivesOf(spec.template, old.template)
      : spec.template;
  if (!isDeepStrictEqual(template, old.template)) {
    causes.invalid('spec.template', spec.template, 'field is immutable');
  }
}

/** A Job that never started may still be told where to run. */
function withDirectivesOf(
  template: PodTemplateShape | undefined,
  old: PodTemplateShape | undefined,
): PodTemplateShape {
  const result = copyOf(template ?? {});
  for (const member of ['labels', 'annotations'] as const)
    setOrDelete((result.metadata ??= {}), member, old?.metadata?.[member]);
  for (const member of ['nodeSelector', 'affinity', 'tolerations', 'schedulingGates']) {
    setOrDelete((result.spec ??= {}), member, old?.spec?.[member]);
  }
  return result;
}

function setOrDelete(target: Record<string, unknown>, member: string, value: unknown): void {
  if (value === undefined) Reflect.deleteProperty(target, member);
  else target[member] = value;
}
