import type { Config } from '../../../../config/config.ts';
import { ServiceError } from '../../../../errors.ts';
import type { FlowRequest } from '../../../../flow/flow-request.ts';
import { ownMember } from '../../../../schemas/schema-problem.ts';

export type Priorities = Config['pods']['priorities'];

/** A number, or the name of a configured priority. Throws `invalid-request` with the names that there are. */
export function readPriority(
  priority: number | string | undefined,
  priorities: Priorities,
): Pick<FlowRequest, 'priority' | 'priorityName' | 'priorityClassName'> {
  if (priority === undefined) return {};
  if (typeof priority === 'number') return { priority };
  const found = ownMember(priorities, priority);
  if (found === undefined) throw unknown(Object.keys(priorities));
  const { value, priorityClassName } = found;
  return {
    priority: value,
    priorityName: priority,
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
  };
}

function unknown(names: readonly string[]): ServiceError {
  const known = names.length === 0 ? '' : `, or one of ${names.toSorted().join(', ')}`;
  const detail = `priority: expected an integer from -1000 to 1000${known} (pods.priorities)`;
  return new ServiceError('invalid-request', detail, {
    field: 'priority',
    problems: [{ path: ['priority'], detail }],
  });
}
