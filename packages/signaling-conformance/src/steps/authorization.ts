import { randomUUID } from 'node:crypto';
import type { Step, TestRun } from '../conformance-test.ts';
import type { PlaneRequest } from '../data-plane-client.ts';
import { creationOf, flowMessages } from '../protocol.ts';
import { buildCreation } from './create.ts';
import { buildMessage, expectStatus } from './messages.ts';
import { keepState } from './refusals.ts';

type Credentials = Pick<PlaneRequest, 'authorization' | 'target'>;
type ReadCredentials = (run: TestRun) => Credentials;

/** With these credentials every route answers 401, or one of `statuses`, and the flow stays as it is. */
export function refuseCredentials(read: ReadCredentials, statuses: number[] = [401]): Step {
  return async (run) => {
    const message = { ...buildCreation(run), processId: randomUUID() };
    const creation = { path: creationOf(run.kind), body: JSON.stringify(message) };
    await refuseRequests(run, [creation, ...requestsToFlow(run)], {
      credentials: read(run),
      statuses,
    });
  };
}

/** Another control plane may create flows, but neither see nor change this one. */
export function refuseOtherControlPlane(read: ReadCredentials): Step {
  return async (run) => {
    await refuseRequests(run, requestsToFlow(run), { credentials: read(run), statuses: [401, 403, 404] });
  };
}

function requestsToFlow({ flowId }: TestRun): PlaneRequest[] {
  const flow = encodeURIComponent(flowId);
  return [
    { method: 'GET', path: `${flow}/status` },
    ...flowMessages.map((message) => ({
      path: `${flow}/${message}`,
      body: JSON.stringify(buildMessage(message)),
    })),
  ];
}

async function refuseRequests(
  run: TestRun,
  requests: readonly PlaneRequest[],
  { credentials, statuses }: { credentials: Credentials; statuses: number[] },
): Promise<void> {
  await keepState(run, 'a request without rights', async () => {
    for (const request of requests) {
      const answer = await run.plane({ ...request, ...credentials });
      expectStatus(request.path.replace(run.flowId, '{id}'), answer, ...statuses);
    }
  });
}
