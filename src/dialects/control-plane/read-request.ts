import { hash } from 'node:crypto';
import { ServiceError } from '../../errors.ts';
import type { ProvisionMessage } from '../dialect.ts';
import { bodyReader } from '../../schemas/read-body.ts';
import { ProvisionRequestBody } from './schemas.ts';

const readBody = bodyReader(ProvisionRequestBody);

/** Recognizes a member that no other dialect has. */
export function isProvisionRequest(body: object): boolean {
  return 'transferProcessId' in body;
}

/** The body has the whole request; only the template's name may be in the path. */
export function readProvisionRequest(body: unknown): ProvisionMessage {
  const { type, transferProcessId, resourceDefinitionId, assetId, callbackAddress, policy } = readBody(body);
  return {
    // Absent before EDC 0.11.
    ...(type === undefined || type === null ? {} : { type }),
    ids: { transferProcessId, resourceDefinitionId },
    assetId,
    callbackAddress,
    ...readPolicy(policy),
  };
}

/** The policy names the consumer. Its digest stands for the rest, which may be large and differs between versions. */
function readPolicy(policy: unknown): { consumer?: string; policyDigest?: string } {
  if (typeof policy !== 'object' || policy === null) return {};
  const { assignee } = policy as { assignee?: unknown };
  const usable = typeof assignee === 'string' && /^\P{Cc}{1,512}$/u.test(assignee);
  return { ...(usable ? { consumer: assignee } : {}), policyDigest: digest(policy) };
}

/** Equal for equal policies, whatever the order of members. */
function digest(policy: object): string {
  return hash('sha256', canonical(policy, 0), 'hex');
}

const deepest = 64;

function canonical(value: unknown, depth: number): string {
  if (depth > deepest) {
    throw new ServiceError('invalid-request', `policy: expected at most ${deepest} levels`, {
      field: 'policy',
    });
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member, depth + 1)}`).join()}}`;
}
