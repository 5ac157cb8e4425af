import type { RequestedDeletion } from '../../../../flow/deletion.ts';
import type { FlowView } from '../../../../requests/flow-service.ts';
import { apiPrefix } from '../api-route.ts';
import type { DeletionRequest } from './deletion-schema.ts';

/** Undefined if nobody requested the deletion. `publicUrl`: by which clients reach the service. */
export function describeDeletion(
  { flow: id, request: { connector }, deletion }: FlowView,
  publicUrl: string,
): DeletionRequest | undefined {
  if (deletion === undefined) return undefined;
  const { requestedAt, caller, attempts, startedAt, deletedAt, found, problem } = deletion;
  const api = `${publicUrl}${apiPrefix}`;
  return {
    id,
    state: stateOf(deletion),
    requestedAt,
    requestedBy: { connector, ...(caller === undefined ? {} : { caller }) },
    attempts: attempts ?? 0,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(found === undefined ? {} : { removed: found }),
    ...(problem === undefined ? {} : { problem }),
    links: { self: `${api}/deletion-requests/${id}`, job: `${api}/jobs/${id}` },
  };
}

function stateOf({ deletedAt, problem, startedAt }: RequestedDeletion): DeletionRequest['state'] {
  if (deletedAt !== undefined) return 'deleted';
  if (problem !== undefined) return 'failed';
  return startedAt === undefined ? 'requested' : 'deleting';
}
