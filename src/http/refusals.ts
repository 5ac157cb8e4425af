/** A kind of request that was refused, as shown by the last one of this kind. */
export interface Refusal {
  time: string;
  /** How many of this kind came since the first one that is remembered. */
  count: number;
  status: number;
  code: string;
  field?: string;
  detail: string;
  /** The route's pattern with the parameters that are no secret. */
  path: string;
}

export interface Refusals {
  /** `connector`: the name of a configured one, so that nobody else can make the list grow. */
  record(connector: string | undefined, refusal: Omit<Refusal, 'time' | 'count'>): void;
  /** By connector, the last one first. */
  list(): Record<string, Refusal[]>;
}

const mostKinds = 10;
const unknown = '(unknown)';

/** The last refused requests of each connector, in memory: a connector does not show what it was answered. */
export function createRefusals(now: () => Date): Refusals {
  const byConnector = new Map<string, Map<string, Refusal>>();
  return {
    record(connector = unknown, refusal) {
      const kinds = byConnector.get(connector) ?? new Map<string, Refusal>();
      byConnector.set(connector, kinds);
      const kind = kindOf(refusal);
      const count = (kinds.get(kind)?.count ?? 0) + 1;
      // A map keeps the order of insertion, so that the first one is the one that was seen the longest ago.
      kinds.delete(kind);
      kinds.set(kind, { time: now().toISOString(), count, ...refusal });
      const [oldest] = kinds.keys();
      if (kinds.size > mostKinds && oldest !== undefined) kinds.delete(oldest);
    },
    list() {
      const lists = Array.from(
        byConnector,
        ([name, kinds]) => [name, [...kinds.values()].reverse()] as const,
      );
      return Object.fromEntries(lists);
    },
  };
}

/** Not by its path: a stranger can write there what it likes, and would push out what a connector has to know. */
export function kindOf({ code, field, detail }: Pick<Refusal, 'code' | 'field' | 'detail'>): string {
  return JSON.stringify([code, field, detail]);
}

export const refusalSchema = {
  type: 'object',
  required: ['time', 'count', 'status', 'code', 'detail', 'path'],
  properties: {
    time: { type: 'string', format: 'date-time' },
    count: { type: 'integer' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'The end of the problem’s type.' },
    field: { type: 'string' },
    detail: { type: 'string' },
    path: { type: 'string', description: 'The route’s pattern, without secrets.' },
  },
};
