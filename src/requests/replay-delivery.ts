import { isServiceError, ServiceError } from '../errors.ts';
import { annotation, writeAnnotation } from '../flow/annotations.ts';
import type { Delivery } from '../flow/delivery.ts';
import type { Flow } from '../flow/flow.ts';
import { stateLabel } from '../flow/labels.ts';
import { listDeliveries, type DeliveryMember, type ListedDelivery } from '../flow/list-deliveries.ts';
import { isReplayed, obstacleToReplay, openAgain } from '../flow/replay.ts';
import { patchIfPresent } from '../kubernetes/resource-client.ts';
import { keepTombstone } from './end-flow.ts';
import { getFlow } from './find-flow.ts';
import type { RequestDependencies } from './flow-service.ts';

interface WantedReplay {
  flow: string;
  of: DeliveryMember;
}

/** The reconciler and other requests may write the same Job meanwhile. */
const tries = 5;

/**
 * Opens the delivery again on the Job, under the version that was read: of requests at the same time one opens it. The reconciler sends it
 * as any other: fenced, held and paced.
 */
export async function replayDelivery(
  deps: RequestDependencies,
  { flow: name, of }: WantedReplay,
  signal: AbortSignal,
): Promise<ListedDelivery> {
  for (let left = tries; left > 0; left -= 1) {
    const flow = await getFlow(deps, name, signal);
    if (flow === undefined) throw refused('belongs to a Job that is gone: its record cannot send anything');
    const { [of]: delivery } = flow;
    if (delivery !== undefined && isReplayed(delivery)) return listed(flow, { of, delivery });
    const obstacle = obstacleToReplay(flow, of);
    if (delivery === undefined || obstacle !== undefined) throw refused(obstacle ?? 'is not known');
    const opened = openAgain(delivery, deps.now().toISOString());
    if (await openDelivery(deps, { flow, of, opened }, signal)) return listed(flow, { of, delivery: opened });
  }
  throw new ServiceError('unavailable', `${name} changed ${tries} times while the replay was saved`);
}

function refused(obstacle: string): ServiceError {
  return new ServiceError('conflict', `the delivery ${obstacle}: expected an abandoned or rejected one`);
}

function listed(flow: Flow, { of, delivery }: { of: DeliveryMember; delivery: Delivery }): ListedDelivery {
  const others = of === 'delivery' ? { ...flow, terminateInstead: undefined } : flow;
  const [found] = listDeliveries({ ...others, [of]: delivery }).filter((one) => one.of === of);
  if (found === undefined) throw new Error(`${flow.name} has no ${of}`);
  return found;
}

/** False if the Job is gone or has changed since it was read. */
async function openDelivery(
  { cluster }: RequestDependencies,
  { flow, of, opened }: { flow: Flow; of: DeliveryMember; opened: Delivery },
  signal: AbortSignal,
): Promise<boolean> {
  const { name, resourceVersion } = flow;
  // The connector gets the results, if they still exist, and no longer the termination in their place.
  const instead = of === 'delivery' ? { [annotation.terminateInstead]: null } : {};
  const metadata = {
    annotations: { ...writeAnnotation(annotation[of], opened), ...instead },
    labels: { [stateLabel]: 'open' },
    ...keepTombstone(flow),
    resourceVersion,
  };
  try {
    return await patchIfPresent(cluster.jobs, { name, patch: { metadata } }, signal);
  } catch (error) {
    if (isServiceError(error, 'cluster-conflict')) return false;
    throw error;
  }
}
