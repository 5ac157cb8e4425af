import { readFinding, type Finding } from '../../flow/pending/diagnose-events.ts';
import type { ResourceClient } from '../../kubernetes/resource-client.ts';
import type { Event } from '../../kubernetes/types.ts';

export interface WarningEvents {
  /** What the namespace's events say about the Job or pod of this UID, as of a few seconds ago at most. Throws `cluster-*`. */
  about(uid: string, signal: AbortSignal): Promise<readonly Finding[]>;
}

export interface WarningEventsOptions {
  events: Pick<ResourceClient<Event>, 'list'>;
  /** Between two lists, however many flows ask. */
  everyMillis?: number;
  /** Milliseconds of a clock that never goes back. */
  clock?: () => number;
}

/** Of ordinary clusters the scheduler writes the most of them, and pods say in a condition what it says. */
const fieldSelector = 'type=Warning,reason!=FailedScheduling';
const pageSize = 500;
/** More would be a cluster whose events are its least problem. */
const mostPages = 20;

/**
 * One list of the namespace's warnings serves all flows that ask within some seconds: the API server reads every event of the
 * namespace for each list, whatever it selects, so that a list for each stuck flow would cost most when most is stuck.
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
        const look = { at: clock(), findings: listFindings(events, signal) };
        latest = look;
        // A look that failed is nothing to rest on.
        look.findings.catch(() => {
          if (latest === look) latest = undefined;
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
