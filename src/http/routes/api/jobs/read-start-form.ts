import { ServiceError } from '../../../../errors.ts';
import type { ReceptionSlots } from '../../../../inbox/reception-slots.ts';
import { readGivenDotenv } from '../../../../template/read/read-given-dotenv.ts';
import { readForm, type FormPart } from '../../../../uploads/read-form.ts';
import { readTextPart } from '../../../../uploads/read-text-part.ts';
import { receiveUpload, type UploadParts } from '../../../../uploads/receive-upload.ts';
import { discardUploads } from '../../../../uploads/stored-upload.ts';
import { callerOf } from '../../../access/caller.ts';
import { problemOf } from '../../../problem.ts';
import type { HttpContext } from '../../../route.ts';
import { fileOf } from '../uploads/receive-body.ts';

export interface StartFormDeps {
  inputFiles: UploadParts & { slots: ReceptionSlots };
}

interface StartForm {
  job?: object;
  environment?: Record<string, string>;
  /** By field. */
  inputs: Record<string, { upload: string }>;
}

/** Of `job` and `env`, as of a request with JSON. */
const textBytes = 262_144;

export function isStartForm(ctx: HttpContext): boolean {
  return /^multipart\/form-data\s*;/i.test(ctx.get('Content-Type'));
}

/**
 * Reads a start whose body is a form: `job` is the JSON of other starts, `env` a dotenv file, each other part an input file. Its files are
 * stored as uploads, which are removed if the form cannot be read, if `start` refuses it, or if it returns false, since nothing was started.
 */
export async function withStartForm(
  ctx: HttpContext,
  { inputFiles }: StartFormDeps,
  start: (body: object) => Promise<boolean>,
): Promise<void> {
  // Its files take as long as they are large; each wait for a byte has a bound of its own.
  ctx.state.receives = true;
  const form: StartForm = { inputs: {} };
  let isNeeded = false;
  try {
    await inputFiles.slots.with(() => readParts(ctx, inputFiles, form));
    isNeeded = await start(bodyOf(form)).catch((error: unknown) => {
      // After an error of ours, the job may have been started.
      isNeeded = problemOf(error).status >= 500;
      throw error;
    });
  } finally {
    const ids = Object.values(form.inputs).map(({ upload }) => upload);
    if (!isNeeded) await discardUploads(inputFiles.store, ids);
  }
}

async function readParts(ctx: HttpContext, parts: UploadParts, form: StartForm): Promise<void> {
  const { signal } = ctx.state;
  const { clock } = parts;
  const { idleMillis } = parts.limits;
  const seen = new Set<string>();
  for await (const part of readForm({ request: ctx.req, clock, idleMillis }, signal)) {
    const { field } = part;
    if (seen.has(field)) throw refused(field, 'one part of this name');
    seen.add(field);
    const reading = { clock, idleMillis, limitBytes: textBytes };
    if (field === 'job') form.job = parseJob(await readTextPart(part, reading, signal));
    else if (field === 'env')
      form.environment = readGivenDotenv('env', await readTextPart(part, reading, signal));
    else form.inputs[field] = { upload: await receiveInput(ctx, parts, part) };
  }
}

async function receiveInput(ctx: HttpContext, parts: UploadParts, part: FormPart): Promise<string> {
  if (!part.isFile) throw refused(part.field, 'job, env, or a file');
  if (ctx.get('Idempotency-Key') !== '')
    throw refused('Idempotency-Key', 'no such header with files, which are stored by each request');
  const file = fileOf(part, { name: undefined, caller: callerOf(ctx).name });
  return (await receiveUpload(parts, file, ctx.state.signal)).id;
}

function parseJob(text: string): object {
  let job: unknown;
  try {
    job = JSON.parse(text);
  } catch (cause) {
    throw new ServiceError('invalid-request', 'job: expected valid JSON', { field: 'job', cause });
  }
  if (typeof job === 'object' && job !== null && !Array.isArray(job)) return job;
  throw refused('job', 'a JSON object');
}

/** Parts go before the members of `job`. */
function bodyOf({ job, environment = {}, inputs }: StartForm): object {
  if (job === undefined) throw refused('job', 'a part with the JSON of the job');
  return { ...job, ...merge(job, 'environment', environment), ...merge(job, 'inputs', inputs) };
}

function merge(job: object, member: string, given: Record<string, unknown>): Record<string, unknown> {
  if (Object.keys(given).length === 0) return {};
  const { [member]: own = {} } = job as Record<string, unknown>;
  // What is no object is refused with the rest of the body.
  return { [member]: typeof own === 'object' ? { ...own, ...given } : own };
}

function refused(field: string, expected: string): ServiceError {
  return new ServiceError('invalid-request', `${field}: expected ${expected}`, { field });
}
