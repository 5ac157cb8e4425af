/** A kind of refused request, with the members of the last one of this kind. */
export interface Refusal {
  time: string;
  /** Refused requests of this kind since it was first recorded. */
  count: number;
  status: number;
  code: string;
  field?: string;
  detail: string;
  /** The route's pattern with the values of parameters that are not secret. */
  path: string;
}

export interface Refusals {
  /** `connector` is the name of a configured one, so that other clients cannot make the list grow. */
  record(connector: string | undefined, refusal: Omit<Refusal, 'time' | 'count'>): void;
  /** By connector, the latest first. */
  list(): Record<string, Refusal[]>;
}

const kindLimit = 10;
const unknownConnector = '(unknown)';

/** Keeps the last refused requests of each connector in memory, since connectors do not show the answers they get. */
export function createRefusals(now: () => Date): Refusals {
  const byConnector = new Map<string, Map<string, Refusal>>();
  return {
    record(connector = unknownConnector, refusal) {
      const kinds = byConnector.get(connector) ?? new Map<string, Refusal>();
      byConnector.set(connector, kinds);
      const kind = kindOf(refusal);
      const count = (kinds.get(kind)?.count ?? 0) + 1;
      // A map keeps the order of insertion: the first kind is the one whose last request is the oldest.
      kinds.delete(kind);
      kinds.set(kind, { time: now().toISOString(), count, ...refusal });
      const [oldest] = kinds.keys();
      if (kinds.size > kindLimit && oldest !== undefined) kinds.delete(oldest);
    },
    list() {
      return Object.fromEntries(
        Array.from(byConnector, ([name, kinds]) => [name, [...kinds.values()].reverse()]),
      );
    },
  };
}

/** The path does not count: a client could send any number of paths and displace the refusals of others. */
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
    code: { type: 'string', description: 'Last part of the problem’s type.' },
    field: { type: 'string' },
    detail: { type: 'string' },
    path: { type: 'string', description: 'The route’s pattern, without secrets.' },
  },
};
