import { isDeepStrictEqual } from 'node:util';

import { setDefaults, setOrDelete } from '../../objects/copy.ts';
import { type JobSpec, jobSpecOf, type PodFailureRule, type PodTemplate } from '../../objects/job.ts';
import type { KubeObject } from '../../objects/kube-object.ts';
import type { Causes } from '../causes.ts';
import { checkLabels } from '../check-metadata.ts';
import type { KindRules } from './kind-rules.ts';
import { applyPodSpecDefaults, checkPodSpec } from './pod-spec.ts';

const controllerName = 'kubernetes.io/job-controller';

export const jobRules: KindRules = {
  applyDefaults(object) {
    const spec = jobSpecOf(object);
    object['spec'] = spec;
    if (spec.parallelism === undefined && spec.completions === undefined) spec.completions = 1;
    setDefaults(spec, {
      parallelism: 1,
      completionMode: 'NonIndexed',
      backoffLimit: 6,
      suspend: false,
      manualSelector: false,
      podReplacementPolicy: spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed',
      template: {},
    });
    const conditions = failureRules(spec).flatMap((rule) => rule.onPodConditions ?? []);
    for (const condition of conditions) condition.status ??= 'True';
    defaultTemplate(object, spec);
  },
  check(object, causes) {
    checkJobSpec(jobSpecOf(object), causes);
  },
  checkUpdate(next, current, causes) {
    checkImmutable(next, current, causes);
  },
};

function failureRules(spec: JobSpec): PodFailureRule[] {
  return spec.podFailurePolicy?.rules ?? [];
}

function defaultTemplate(object: KubeObject, spec: JobSpec): void {
  const template = (spec.template ??= {});
  const metadata = (template.metadata ??= {});
  // A replacement without the generated parts gets them again: they follow from the uid.
  if (spec.manualSelector !== true) {
    const { uid, name } = object.metadata;
    metadata.labels = { ...metadata.labels, ...trackingLabels(uid, name) };
    spec.selector ??= { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } };
  }
  if (Object.keys(object.metadata.labels ?? {}).length === 0)
    setOrDelete(object.metadata, 'labels', metadata.labels);
  // In a Job the default restart policy (Always) is not allowed: leave its absence to be reported.
  const podSpec = (template.spec ??= {});
  const given = podSpec.restartPolicy;
  applyPodSpecDefaults(podSpec);
  setOrDelete(podSpec, 'restartPolicy', given);
}

function trackingLabels(uid: string, name: string): Record<string, string> {
  return {
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'job-name': name,
  };
}

function checkJobSpec(spec: JobSpec, causes: Causes): void {
  causes.oneOf('spec.completionMode', spec.completionMode, ['NonIndexed', 'Indexed']);
  checkSupported(spec, causes);
  if (!spec.selector) causes.required('spec.selector');
  const template = spec.template ?? {};
  checkLabels(template.metadata?.labels, 'spec.template.labels', causes);
  checkSelected(spec, template, causes);
  checkPodSpec(template.spec ?? {}, 'spec.template.spec', causes);
  checkRestartPolicy(template.spec?.restartPolicy, causes);
  checkFailurePolicy(spec, causes);
}

// What the Job controller here would have to ignore is refused instead.
function checkSupported(spec: JobSpec, causes: Causes): void {
  if (spec.completionMode === 'Indexed') causes.unsupported('spec.completionMode');
  for (const member of [
    'backoffLimitPerIndex',
    'maxFailedIndexes',
    'successPolicy',
    'ttlSecondsAfterFinished',
  ]) {
    if (spec[member] !== undefined) causes.unsupported(`spec.${member}`);
  }
  if ((spec['managedBy'] ?? controllerName) !== controllerName) causes.unsupported('spec.managedBy');
  for (const [index, { action }] of failureRules(spec).entries()) {
    if (action === 'FailIndex') causes.unsupported(`spec.podFailurePolicy.rules[${index}].action`);
  }
}

function checkSelected(spec: JobSpec, template: PodTemplate, causes: Causes): void {
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

function checkFailurePolicy(spec: JobSpec, causes: Causes): void {
  const replacement = spec.podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  causes.oneOf('spec.podReplacementPolicy', spec.podReplacementPolicy, replacement);
  if (!spec.podFailurePolicy) return;
  const restartPolicy = spec.template?.spec?.restartPolicy;
  if (restartPolicy !== 'Never') {
    const detail = 'only "Never" is supported when podFailurePolicy is specified';
    causes.invalid('spec.template.spec.restartPolicy', restartPolicy ?? '', detail);
  }
  for (const [index, rule] of failureRules(spec).entries()) {
    const at = `spec.podFailurePolicy.rules[${index}]`;
    causes.oneOf(`${at}.action`, rule.action, ['Count', 'FailIndex', 'FailJob', 'Ignore']);
    if ((rule.onExitCodes === undefined) === (rule.onPodConditions === undefined)) {
      causes.invalid(
        at,
        rule.action,
        'specifying one of OnExitCodes and OnPodConditions is required, and not both',
      );
    }
  }
}

const immutableMembers = [
  'completions',
  'selector',
  'completionMode',
  'podFailurePolicy',
  'managedBy',
  'manualSelector',
  'template',
];

function checkImmutable(next: KubeObject, current: KubeObject, causes: Causes): void {
  const spec = jobSpecOf(next);
  const old = jobSpecOf(current);
  for (const member of immutableMembers) {
    if (isDeepStrictEqual(spec[member], old[member])) continue;
    causes.invalid(`spec.${member}`, spec[member] ?? null, 'field is immutable');
  }
}
