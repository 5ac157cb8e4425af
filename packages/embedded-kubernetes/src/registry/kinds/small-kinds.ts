import { member } from '../../objects/members.ts';
import { hardOf, isQuotaResource } from '../quota.ts';
import type { KindRules } from './kind-rules.ts';

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
    for (const name of Object.keys(hardOf(object))) {
      if (isQuotaResource(name)) continue;
      causes.invalid(`spec.hard[${name}]`, name, 'the embedded cluster does not support a quota on it');
    }
    for (const name of ['scopes', 'scopeSelector']) {
      if (member(object, 'spec', name) !== undefined) causes.unsupported(`spec.${name}`);
    }
  },
};
