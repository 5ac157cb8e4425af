export interface Taint {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
}

export interface Toleration {
  key?: string;
  operator?: string;
  value?: string;
  effect?: string;
  tolerationSeconds?: number;
}

/** The tolerations that let a pod be on a node in spite of the taint. */
export function tolerationsOf(tolerations: Toleration[] | undefined, taint: Taint): Toleration[] {
  return (tolerations ?? []).filter(
    (each) => (!each.effect || each.effect === taint.effect) && matchesKey(each, taint),
  );
}

function matchesKey({ key, operator = 'Equal', value = '' }: Toleration, taint: Taint): boolean {
  if (!key) return operator === 'Exists';
  return key === taint.key && (operator === 'Exists' || value === (taint.value ?? ''));
}
