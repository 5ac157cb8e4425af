import { isQuotaResource } from '../admission/resource-quota.ts';
import type { Causes } from '../causes.ts';
import { isRecord } from '../copy.ts';
import type { KindRules } from './rules.ts';

export const namespaceRules: KindRules = {
  applyDefaults(object) {
    const labels = { 'kubernetes.io/metadata.name': object.metadata.name };
    object.metadata.labels = { ...object.metadata.labels, ...labels };
    object['spec'] ??= { finalizers: ['kubernetes'] };
    object['status'] = { phase: 'Active' };
  },
};

export const leaseRules: KindRules = {
  check(object, causes) {
    const spec = isRecord(object['spec']) ? object['spec'] : {};
    if (spec['holderIdentity'] === '') causes.invalid('spec.holderIdentity', '', 'must not be empty');
    const duration = spec['leaseDurationSeconds'];
    if (typeof duration === 'number' && duration <= 0) {
      causes.invalid('spec.leaseDurationSeconds', duration, 'must be greater than 0');
    }
    checkCount(spec['leaseTransitions'], 'spec.leaseTransitions', causes);
  },
};

export const resourceQuotaRules: KindRules = {
  check(object, causes) {
    const spec = isRecord(object['spec']) ? object['spec'] : {};
    for (const name of Object.keys(isRecord(spec['hard']) ? spec['hard'] : {})) {
      if (isQuotaResource(name)) continue;
      causes.invalid(`spec.hard[${name}]`, name, 'the embedded cluster does not support a quota on it');
    }
    for (const member of ['scopes', 'scopeSelector']) {
      if (spec[member] !== undefined) causes.unsupported(`spec.${member}`);
    }
  },
};

export const eventRules: KindRules = {
  check(object, causes) {
    const involved = isRecord(object['involvedObject']) ? object['involvedObject'] : {};
    if ((involved['namespace'] ?? 'default') === object.metadata.namespace) return;
    causes.invalid('involvedObject.namespace', involved['namespace'], 'does not match event.namespace');
  },
};

function checkCount(value: unknown, field: string, causes: Causes): void {
  causes.notNegative(field, typeof value === 'number' ? value : undefined);
}
