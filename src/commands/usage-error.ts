import { ServiceError } from '../errors.ts';

/** A command line that cannot be used: its process ends with exit code 2, as a shell's own commands do. */
export class UsageError extends ServiceError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('invalid-request', message, options);
  }
}
