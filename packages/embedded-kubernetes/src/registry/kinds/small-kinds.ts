import { isQuotaResource } from '../admission/resource-quota.ts';
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
