import { configMapRules, secretRules } from './config-data.ts';
import { jobRules } from './job.ts';
import type { KindRules } from './kind-rules.ts';
import { podRules } from './pod.ts';
import { namespaceRules, resourceQuotaRules } from './small-kinds.ts';

const rules: Record<string, KindRules> = {
  configmaps: configMapRules,
  jobs: jobRules,
  namespaces: namespaceRules,
  pods: podRules,
  resourcequotas: resourceQuotaRules,
  secrets: secretRules,
};

export function rulesFor(resource: string): KindRules {
  return rules[resource] ?? {};
}
