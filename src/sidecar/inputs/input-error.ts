import { ServiceError, type ErrorCode } from '../../errors.ts';

/** An input that no other attempt will bring: the flow fails and names it. */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly input: string;

  constructor(input: string, why: string) {
    super(why);
    this.input = input;
  }
}

/** What the source answered to one attempt; `kind` says whether another one follows. */
export type FetchProblem =
  /** The same request may succeed later. */
  | 'transient'
  /** It succeeds once somebody has corrected keys or rights. */
  | 'forbidden'
  | 'final';

export function problemKind(status: number): FetchProblem {
  if (status === 401 || status === 403) return 'forbidden';
  if (status === 408 || status === 425 || status === 429) return 'transient';
  return status >= 500 && status !== 501 ? 'transient' : 'final';
}

const codes: Record<FetchProblem, ErrorCode> = {
  transient: 'store-unavailable',
  forbidden: 'store-forbidden',
  final: 'store-refused',
};

export function fetchError(kind: FetchProblem, message: string, cause?: unknown): ServiceError {
  return new ServiceError(codes[kind], message, { cause });
}
