import { isSuccess, type PostResult } from './okhttp.ts';
import { postPersistently } from './provision-message.ts';
import { pause, type SimulatorContext } from './simulator-context.ts';
import { isProvisioned } from './transfer-process.ts';
import type { ProvisionedResource, TransferProcess } from './transfer-process.ts';

type Verdict = { kind: 'accepted' } | { kind: 'retry' } | { kind: 'fatal'; errorDetail: string };

/** Sends the provision request. Afterwards the connector saves the copy of the process that it had before. */
export async function stepProvisioning(
  context: SimulatorContext,
  process: TransferProcess,
): Promise<boolean> {
  process.inFlight = true;
  try {
    const result = await postPersistently(context, process, { type: 'provision' });
    const verdict = judge(result, isSuccess(result));
    if (verdict.kind === 'accepted') await pause(context, context.settings.saveDelayMillis);
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
    case 'retry':
      return pause(context, context.settings.hotLoopGapMillis);
    case 'fatal':
      context.store.move(process, 'TERMINATING', verdict.errorDetail);
      return;
    default:
      verdict satisfies never;
  }
}

/** Sends a deprovision request for each resource that is left; false if this release cannot. */
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
  if (verdicts.some((verdict) => verdict.kind === 'retry')) {
    await pause(context, settings.hotLoopGapMillis);
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
  // Exactly 200: another 2xx counts as a refusal.
  const verdict = judge(result, result.kind === 'answered' && result.status === 200);
  if (verdict.kind !== 'retry') resource.deprovisioned = true;
  return verdict;
}

function judge(result: PostResult, accepted: boolean): Verdict {
  if (accepted) return { kind: 'accepted' };
  if (result.kind === 'lost') return { kind: 'retry' };
  if (result.status >= 500 && result.status <= 504) return { kind: 'retry' };
  return {
    kind: 'fatal',
    errorDetail: `HttpProviderProvisioner: received fatal error code: ${result.status}`,
  };
}

/** False if a termination or a restart of the connector came in between. */
function stillIn(
  context: SimulatorContext,
  process: TransferProcess,
  state: TransferProcess['state'],
): boolean {
  return !context.signal.aborted && context.store.has(process) && process.state === state;
}
