import type { PostResult } from './post-message.ts';
import { pause, postPersistently } from './post-persistently.ts';
import type { SimulatorContext } from './simulator-context.ts';
import { isProvisioned } from './transfer-process.ts';
import type { ProvisionedResource, TransferProcess } from './transfer-process.ts';

type Verdict = { kind: 'accepted' } | { kind: 'again' } | { kind: 'fatal'; errorDetail: string };

/** Sends the provision request; the process it saves afterwards is the copy it held before sending. */
export async function stepProvisioning(
  context: SimulatorContext,
  process: TransferProcess,
): Promise<boolean> {
  process.inFlight = true;
  try {
    const verdict = judge(await postPersistently(context, process, { type: 'provision' }), isSuccess);
    if (verdict.kind === 'accepted') await pause(context.settings.settleMillis, context.signal);
    if (stillIn(context, process, 'PROVISIONING')) await saveProvisioning(context, process, verdict);
  } finally {
    process.inFlight = false;
  }
  return true;
}

async function saveProvisioning(
  context: SimulatorContext,
  process: TransferProcess,
  verdict: Verdict,
): Promise<void> {
  switch (verdict.kind) {
    case 'accepted':
      context.store.move(process, 'PROVISIONING_REQUESTED');
      if (isProvisioned(process)) {
        context.store.move(process, 'PROVISIONED');
        context.store.move(process, 'STARTING');
      }
      return;
    case 'again':
      return pause(context.settings.hotLoopGapMillis, context.signal);
    case 'fatal':
      context.store.move(process, 'TERMINATING', verdict.errorDetail);
      return;
    default:
      verdict satisfies never;
  }
}

/** Sends a deprovision request for each resource that is left; false if there is nothing this release can do. */
export async function stepDeprovisioning(
  context: SimulatorContext,
  process: TransferProcess,
): Promise<boolean> {
  const { profile, settings, store } = context;
  const open = process.resources.filter((resource) => !resource.deprovisioned);
  if (process.resources.length === 0) {
    store.move(process, 'DEPROVISIONED');
    return true;
  }
  if (!profile.deprovisionsAnyType && open.some((one) => one.addressType !== settings.entryType))
    return false;
  const verdicts = await Promise.all(open.map((resource) => deprovision(context, process, resource)));
  if (!stillIn(context, process, 'DEPROVISIONING')) return true;
  if (verdicts.some((verdict) => verdict.kind === 'again')) {
    await pause(settings.hotLoopGapMillis, context.signal);
    return true;
  }
  const fatal = verdicts.find((verdict) => verdict.kind === 'fatal');
  if (fatal !== undefined) store.move(process, 'DEPROVISIONED', fatal.errorDetail);
  else store.move(process, profile.deprovisionNeedsNoCallback ? 'DEPROVISIONED' : 'DEPROVISIONING_REQUESTED');
  return true;
}

async function deprovision(
  context: SimulatorContext,
  process: TransferProcess,
  resource: ProvisionedResource,
): Promise<Verdict> {
  const { resourceDefinitionId } = resource;
  const result = await postPersistently(context, process, { type: 'deprovision', resourceDefinitionId });
  const verdict = judge(result, (status) => status === 200);
  if (verdict.kind !== 'again') resource.deprovisioned = true;
  return verdict;
}

function judge(result: PostResult, isAccepted: (status: number) => boolean): Verdict {
  if (result.kind === 'lost') return { kind: 'again' };
  if (isAccepted(result.status)) return { kind: 'accepted' };
  if (result.status >= 500 && result.status <= 504) return { kind: 'again' };
  return {
    kind: 'fatal',
    errorDetail: `HttpProviderProvisioner: received fatal error code: ${result.status}`,
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** A termination or a restart of the connector may have come meanwhile. */
function stillIn(
  context: SimulatorContext,
  process: TransferProcess,
  state: TransferProcess['state'],
): boolean {
  return !context.signal.aborted && context.store.holds(process) && process.state === state;
}
