import type { Redact } from '../redact-secrets.ts';
import { defaultAnswerLimit, type Answer } from './deliver-message.ts';

/** What is dropped at the end of an answer that was cut: half a secret may stand there, which is not found. */
const cutLength = 4096;

/** A peer's words may show what it was sent: they are kept, logged and passed on without secrets. */
export function redactAnswer(answer: Answer, redact: Redact): Answer {
  if (answer.got === 'nothing') return { ...answer, problem: redact(answer.problem) };
  const body = redact(answer.body);
  const wasCut = Buffer.byteLength(answer.body) >= defaultAnswerLimit;
  return { ...answer, body: wasCut ? body.slice(0, -cutLength) : body };
}
