import type { Answer } from '../deliver-message.ts';
import type { Delivery } from '../delivery.ts';

/**
 * What the connector's answer to a callback or a termination means. A 409 is said both of a process that another thread holds
 * for a moment ("leased": try again) and of one that is past it ("because it's STARTED": nothing is left to tell).
 */
export function classifyAnswer(answer: Answer): Delivery {
  if (answer.got === 'nothing') return retry(answer.problem);
  const { status } = answer;
  if (status >= 200 && status < 300) return { result: 'told', status };
  if (status === 404) return { result: 'ended', state: 'UNKNOWN', status };
  if (status === 409) return classifyConflict(answer.body);
  if (status >= 500 || passing.includes(status)) return retry(describe(answer));
  if (status < 400 || mendable.includes(status)) return retry(describe(answer), true);
  return { result: 'refused', status, problem: describe(answer) };
}

/**
 * The path of the management API is ours to choose, so a 404 may be the web server's: taken for an unknown process it would
 * leave the consumer waiting for ever.
 */
export function classifyTermination(answer: Answer): Delivery {
  const named = answer.got === 'nothing' || /ObjectNotFound|TransferProcess\b/.test(answer.body);
  const wrongPath = answer.got === 'answer' && answer.status === 404 && !named;
  if (!wrongPath) return classifyAnswer(answer);
  return retry(
    'answered 404 without naming the process: are managementUrl and managementVersion right?',
    true,
  );
}

/** Of a proxy in front of the connector; the connector itself does not say these. */
const passing = [408, 425, 429];
/** A wrong key, as an address that has moved (3xx), wants a person to mend it; then it works. */
const mendable = [401, 403];
const beforeTheCallback = ['INITIAL', 'PROVISIONING', 'PROVISIONING_REQUESTED', 'PROVISIONED'];

function classifyConflict(body: string): Delivery {
  const [, state = ''] = /because it(?:'|\\u0027|&#39;|’)s ([A-Za-z_]+)/.exec(body) ?? [];
  if (state === '' || beforeTheCallback.includes(state.toUpperCase()))
    return retry(describe({ status: 409, body }));
  return { result: 'ended', state: state.toUpperCase(), status: 409 };
}

function retry(problem: string, slowly = false): Delivery {
  return { result: 'retry', problem, slowly };
}

/** One line, without control characters: it goes to logs and annotations. */
function describe({ status, body }: { status: number; body: string }): string {
  const text = body
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 300);
  return text === '' ? `answered ${status}` : `answered ${status}: ${text}`;
}
