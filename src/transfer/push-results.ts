import { backOffMillis } from '../back-off.ts';
import { chooseBytes } from '../result/choose-bytes.ts';
import { archiveBody, fileBody } from '../result/result-body.ts';
import { attemptUpload } from './attempt-upload.ts';
import type { Push, PushResult } from './types.ts';
import { redactorOf, type Upload } from './upload.ts';
import { isOfSink } from './upload-resource.ts';

/**
 * Streams the chosen results, one file or the archive, to the sink. After an interruption, also that of an earlier process, it continues at the offset that the sink names
 * (`upload-resource.ts`), else it sends the whole again. Only a success status after all bytes is `done`. Throws only when `signal` aborts;
 * then no connection is left.
 */
export async function pushResults(push: Push, signal: AbortSignal): Promise<PushResult> {
  signal.throwIfAborted();
  const upload = prepareUpload(push);
  if (upload === undefined)
    return {
      result: 'failed',
      problem: 'the file that the template chose is not among the results',
      attempts: 0,
    };
  const { limits, clock } = push;
  let failures = 0;
  for (let attempts = 1; ; attempts += 1) {
    const before = upload.acknowledged;
    const end = await attemptUpload(upload, signal);
    if (end.verdict === 'done') return { result: 'done', bytes: upload.body.length, attempts };
    const problem = redactorOf(upload)(end.problem);
    if (end.verdict === 'failed') return { result: 'failed', problem, attempts };
    failures = upload.acknowledged > before ? 1 : failures + 1;
    const pause = Math.max(
      backOffMillis(limits.backOff, failures),
      Math.min(end.retryAfterMillis ?? 0, limits.retryAfterMillis),
    );
    if (failures >= limits.attempts || clock.monotonic() + pause >= upload.deadline)
      return { result: 'interrupted', problem, attempts };
    await clock.sleep(pause, signal);
    signal.throwIfAborted();
  }
}

function prepareUpload(push: Push): Upload | undefined {
  const { stored, choice, contentType, clock, limits } = push;
  const chosen = chooseBytes(choice, stored.manifest);
  if (chosen === undefined) return undefined;
  const deadline = clock.monotonic() + limits.totalMillis;
  const start = { push, deadline, sent: 0, acknowledged: 0, cautious: false };
  return withKeptResource(
    chosen.kind === 'file'
      ? { ...start, body: fileBody(stored, chosen.file, contentType), sha256: chosen.file.sha256 }
      : { ...start, body: archiveBody(stored, chosen.format) },
  );
}

/** The sink is queried first. How many bytes an earlier process has sent is not known. */
function withKeptResource(upload: Upload): Upload {
  const { push, body } = upload;
  const kept = push.uploadResource;
  const isOfBody = kept?.etag === body.etag && isOfSink(kept.url, push.sink.url);
  return isOfBody ? { ...upload, resource: kept.url, sent: body.length } : upload;
}
