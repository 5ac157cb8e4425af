import { pino, type Logger } from 'pino';

export type { Logger } from 'pino';

/** A second guard: nothing should log these members. */
const secretPaths = [
  'token',
  'key',
  'secret',
  'password',
  'authorization',
  'secretAccessKey',
  'sessionToken',
];
const redact = [...secretPaths, ...secretPaths.map((path) => `*.${path}`), 'headers', '*.headers'];

/** JSON lines on standard error, so that standard output stays free for what a command prints. */
export function createLogger(level: string): Logger {
  return pino(
    { level, redact: { paths: redact, censor: '[redacted]' }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** One child logger per flow: every line has the id that `kubectl get job` takes. */
export function flowLogger(log: Logger, flowId: string): Logger {
  return log.child({ flowId, job: flowId });
}
