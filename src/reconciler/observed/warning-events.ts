import { readFinding, type Finding } from '../../flow/pending/diagnose-events.ts';
import type { ResourceClient } from '../../kubernetes/resource-client.ts';
import type { Event } from '../../kubernetes/types.ts';

export interface WarningEvents {
  /** The findings about the Job or pod of this UID, at most a few seconds old. Throws `cluster-*`. */
  about(uid: string, signal: AbortSignal): Promise<readonly Finding[]>;
}

export interface WarningEventsOptions {
  events: Pick<ResourceClient<Event>, 'list'>;
  /** Between two lists, however many flows poll. */
  everyMillis?: number;
  /** Monotonic milliseconds. */
  clock?: () => number;
}

/** Without FailedScheduling: most warnings are of it, and the pod's condition PodScheduled says the same. */
const fieldSelector = 'type=Warning,reason!=FailedScheduling';
const pageSize = 500;
/** Bound: 10,000 events. */
const mostPages = 20;

/**
 * One list of the namespace's warnings serves all flows that poll within some seconds. The API server reads every event of the namespace for
 * each list, with any selector, so that one list per stuck flow would cost most when most flows are stuck.
 */
export function createWarningEvents({
  events,
  everyMillis = 5000,
  clock = () => performance.now(),
}: WarningEventsOptions): WarningEvents {
  let latest: { at: number; findings: Promise<Map<string, Finding[]>> } | undefined;
  return {
    async about(uid, signal) {
      if (latest === undefined || clock() - latest.at >= everyMillis) {
        const poll = { at: clock(), findings: listFindings(events, signal) };
        latest = poll;
        // A failed list is not kept.
        poll.findings.catch(() => {
          if (latest === poll) latest = undefined;
        });
      }
      return (await latest.findings).get(uid) ?? [];
    },
  };
}

async function listFindings(
  events: WarningEventsOptions['events'],
  signal: AbortSignal,
): Promise<Map<string, Finding[]>> {
  const found = new Map<string, Finding[]>();
  let next: string | undefined;
  for (let pages = 0; pages < mostPages; pages += 1) {
    const options = { fieldSelector, limit: pageSize, ...(next === undefined ? {} : { continue: next }) };
    const page = await events.list(options, signal);
    for (const finding of page.items.flatMap((event) => readFinding(event) ?? [])) {
      const known = found.get(finding.about);
      if (known === undefined) found.set(finding.about, [finding]);
      else known.push(finding);
    }
    next = page.continue;
    if (next === undefined) break;
  }
  return found;
}
