import type { KubeObject } from '../objects/kube-object.ts';
import { listMember, member, numberMember, textMember } from '../objects/members.ts';
import { humanDuration } from './human-duration.ts';

/** Ready containers of all; native sidecars count among them. */
export function podReady(pod: KubeObject): string {
  const sidecars = new Set(sidecarNames(pod));
  const statuses = [
    ...listMember(pod, 'status', 'initContainerStatuses').filter((status) =>
      sidecars.has(textMember(status, 'name')),
    ),
    ...listMember(pod, 'status', 'containerStatuses'),
  ];
  const ready = statuses.filter((status) => member(status, 'ready') === true).length;
  return `${ready}/${listMember(pod, 'spec', 'containers').length + sidecars.size}`;
}

export function podRestarts(pod: KubeObject, now: Date): string {
  let count = 0;
  let last = 0;
  for (const list of ['initContainerStatuses', 'containerStatuses']) {
    for (const status of listMember(pod, 'status', list)) {
      count += numberMember(status, 'restartCount');
      const finished = Date.parse(textMember(status, 'lastState', 'terminated', 'finishedAt'));
      if (finished > last) last = finished;
    }
  }
  return count > 0 && last > 0 ? `${count} (${humanDuration(now.getTime() - last)} ago)` : String(count);
}

/** The word in the STATUS column of a pod: a container's problem before the phase. */
export function podStatus(pod: KubeObject): string {
  const phase = textMember(pod, 'status', 'reason') || textMember(pod, 'status', 'phase');
  const reason = initReason(pod) ?? containerReason(pod) ?? phase;
  const ended = phase === 'Succeeded' || phase === 'Failed';
  if (pod.metadata.deletionTimestamp !== undefined && !ended) return 'Terminating';
  return reason;
}

function sidecarNames(pod: KubeObject): string[] {
  return listMember(pod, 'spec', 'initContainers')
    .filter((container) => textMember(container, 'restartPolicy') === 'Always')
    .map((container) => textMember(container, 'name'));
}

function initReason(pod: KubeObject): string | undefined {
  const sidecars = sidecarNames(pod);
  const statuses = listMember(pod, 'status', 'initContainerStatuses');
  for (const [index, status] of statuses.entries()) {
    const isSidecar = sidecars.includes(textMember(status, 'name'));
    if (isSidecar && member(status, 'started') === true) continue;
    const terminated = member(status, 'state', 'terminated');
    if (terminated !== undefined && (isSidecar || numberMember(terminated, 'exitCode') === 0)) continue;
    const reason =
      terminated === undefined ? textMember(status, 'state', 'waiting', 'reason') : endReason(terminated);
    if (reason !== '' && reason !== 'PodInitializing') return `Init:${reason}`;
    return `Init:${index}/${listMember(pod, 'spec', 'initContainers').length}`;
  }
  return undefined;
}

function containerReason(pod: KubeObject): string | undefined {
  let completed: string | undefined;
  for (const status of listMember(pod, 'status', 'containerStatuses').toReversed()) {
    const waiting = textMember(status, 'state', 'waiting', 'reason');
    const terminated = member(status, 'state', 'terminated');
    if (waiting !== '') return waiting;
    if (terminated === undefined) return undefined;
    const reason = endReason(terminated);
    if (reason !== 'Completed') return reason;
    completed = reason;
  }
  return completed;
}

function endReason(terminated: unknown): string {
  const signal = numberMember(terminated, 'signal');
  if (signal !== 0) return textMember(terminated, 'reason') || `Signal:${signal}`;
  return textMember(terminated, 'reason') || `ExitCode:${numberMember(terminated, 'exitCode')}`;
}
