import type { Causes } from '../causes.ts';
import type { KubeObject } from '../types.ts';
import { configMapRules, secretRules } from './config-data.ts';
import { jobRules } from './job.ts';
import { podRules } from './pod.ts';
import { namespaceRules, resourceQuotaRules } from './small-kinds.ts';

/** What is particular to a kind. */
export interface KindRules {
  /** Completes the object in place; has to be repeatable. */
  applyDefaults?(object: KubeObject): void;
  check?(object: KubeObject, causes: Causes): void;
  checkUpdate?(next: KubeObject, current: KubeObject, causes: Causes): void;
  /** Seconds between the mark and the end, for what does not end at once. */
  gracePeriod?(object: KubeObject, requested: number | undefined): number;
}

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
