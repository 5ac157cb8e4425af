import { ServiceError, isServiceError } from '../errors.ts';
import { annotation, writeAnnotation } from '../flow/annotations.ts';
import type { Flow } from '../flow/flow.ts';
import { nextRequestAt } from '../answer-first/record-repeat.ts';
import { patchIfPresent } from '../kubernetes/resource-client.ts';
import { buildSinkSecret } from '../cluster-objects/secrets.ts';
import { writeSecret } from './write-secrets.ts';
import { deprovisionMetadata, deprovisionRecorded } from './end-flow.ts';
import { findFlow, foundFlow, getFlow } from './find-flow.ts';
import type { FoundFlow, ProtocolChange, RequestDependencies } from './flow-service.ts';

interface Advance {
  flow: string;
  decide: (found: FoundFlow) => ProtocolChange | undefined;
}

/** The reconciler and the connector's other messages write the same Job, each of them once or twice. */
const tries = 10;

/** One change of the protocol's state; the result has the new one. After a lost race it decides from the winner's state. */
export async function advanceFlow(
  deps: RequestDependencies,
  { flow: name, decide }: Advance,
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  for (let left = tries; left > 0; left -= 1) {
    const flow = await getFlow(deps, name, signal);
    if (flow === undefined) return await decideRecorded(deps, { flow: name, decide }, signal);
    const found = foundFlow(flow);
    const change = decide(found);
    if (change === undefined) return found;
    if (change.sink !== undefined) await writeSecret(deps, buildSinkSecret(name, change.sink, flow), signal);
    if (await write(deps, { flow, change }, signal))
      return { ...found, protocol: change.protocol, deprovisioned: found.deprovisioned || isEnd(change) };
  }
  throw new ServiceError('unavailable', `${name} changed ${tries} times while its state was saved`);
}

/** The Job is gone and nobody fetches the results any more: a change of the state has nothing to act on. */
async function decideRecorded(
  deps: RequestDependencies,
  { flow, decide }: Advance,
  signal: AbortSignal,
): Promise<FoundFlow | undefined> {
  const found = await findFlow(deps, flow, signal);
  if (found === undefined) return undefined;
  const change = decide(found);
  if (change === undefined) return found;
  if (isEnd(change)) await deprovisionRecorded(deps, flow, signal);
  return { ...found, protocol: change.protocol };
}

function isEnd({ deprovision }: ProtocolChange): boolean {
  return deprovision === true;
}

/**
 * False if the Job has changed since it was read, or is gone. A message to a receiver starts the callback hold again: the message that it has
 * all data must not overtake the answer to `started`.
 */
async function write(
  { cluster, now }: RequestDependencies,
  { flow, change }: { flow: Flow; change: ProtocolChange },
  signal: AbortSignal,
): Promise<boolean> {
  const asked = isEnd(change) && flow.deprovisionAskedAt === undefined;
  const { annotations, ...others } = asked ? deprovisionMetadata(flow, now()) : { annotations: {} };
  const metadata = {
    ...others,
    annotations: {
      ...(flow.plan.receives === true ? { [annotation.lastRequestAt]: nextRequestAt(flow, now()) } : {}),
      ...annotations,
      ...writeAnnotation(annotation.protocol, change.protocol),
    },
    resourceVersion: flow.resourceVersion,
  };
  try {
    return await patchIfPresent(cluster.jobs, { name: flow.name, patch: { metadata } }, signal);
  } catch (error) {
    if (isServiceError(error, 'cluster-conflict')) return false;
    throw error;
  }
}
