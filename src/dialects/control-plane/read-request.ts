import { hash } from 'node:crypto';
import { ServiceError } from '../../errors.ts';
import { ajv } from '../../schemas/ajv.ts';
import { describeSchemaErrors } from '../../schemas/schema-problem.ts';
import { ProvisionRequestBody } from './schemas.ts';

export interface ProvisionMessage {
  /** Absent before EDC 0.11: then our own state decides between a provision and a deprovision. */
  type?: 'provision' | 'deprovision';
  ids: { transferProcessId: string; resourceDefinitionId: string };
  assetId: string;
  callbackAddress: string;
  /** The policy's assignee. */
  consumer?: string;
  policyDigest?: string;
}

const validate = ajv.compile<ProvisionRequestBody>(ProvisionRequestBody);

/** Throws `invalid-request` naming each member that is at fault and what was expected of it. */
export function readProvisionRequest(body: unknown): ProvisionMessage {
  if (!validate(body)) throw invalidRequest(body);
  const { type, transferProcessId, resourceDefinitionId, assetId, callbackAddress, policy } = body;
  return {
    ...(type === undefined || type === null ? {} : { type }),
    ids: { transferProcessId, resourceDefinitionId },
    assetId,
    callbackAddress,
    ...readPolicy(policy),
  };
}

/** What was received is not shown: a callback's address may hold a secret. */
function invalidRequest(body: unknown): ServiceError {
  const checked = { schema: ProvisionRequestBody, value: body, noun: 'a member' };
  const found = describeSchemaErrors(validate.errors, checked);
  const expected = new Map(found.map((problem) => [String(problem.path[0] ?? 'body'), problem.expected]));
  const details = Array.from(expected, ([member, what]) => `${member}: expected ${what}`);
  return new ServiceError('invalid-request', details.join('; '), { field: [...expected.keys()][0] });
}

/** The policy names the consumer. The rest of it is kept as a digest: it may be large, and versions differ. */
function readPolicy(policy: unknown): { consumer?: string; policyDigest?: string } {
  if (typeof policy !== 'object' || policy === null) return {};
  const { assignee } = policy as { assignee?: unknown };
  const usable = typeof assignee === 'string' && /^\P{Cc}{1,512}$/u.test(assignee);
  return { ...(usable ? { consumer: assignee } : {}), policyDigest: digest(policy) };
}

/** Of no meaning but "the same policy", whatever the order of its members. */
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
