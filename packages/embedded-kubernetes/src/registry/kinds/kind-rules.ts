import type { KubeObject } from '../../objects/kube-object.ts';
import type { Causes } from '../causes.ts';

/** What is particular to a kind. */
export interface KindRules {
  /** Completes the object in place; has to be repeatable. */
  applyDefaults?(object: KubeObject): void;
  check?(object: KubeObject, causes: Causes): void;
  checkUpdate?(next: KubeObject, current: KubeObject, causes: Causes): void;
  /** Seconds between the mark and the end, for what does not end at once. */
  gracePeriod?(object: KubeObject, requested: number | undefined): number;
}
