import { invalidRequest } from '../../../../errors.ts';
import type { ReceptionSlots } from '../../../../inbox/reception-slots.ts';
import { readGivenDotenv } from '../../../../template/read/read-given-dotenv.ts';
import { mergeStarts, readJobConf } from '../../../../template/read/read-job-conf.ts';
import { readForm, type FormPart } from '../../../../uploads/read-form.ts';
import { readTextPart } from '../../../../uploads/read-text-part.ts';
import { receiveUpload, type UploadParts } from '../../../../uploads/receive-upload.ts';
import { discardUploads, type StoredUpload } from '../../../../uploads/stored-upload.ts';
import { callerOf } from '../../../access/caller.ts';
import { problemOf } from '../../../problem.ts';
import type { HttpContext } from '../../../route.ts';
import { fileOf } from '../uploads/receive-body.ts';

export interface StartFormDeps {
  inputFiles: UploadParts & { slots: ReceptionSlots };
}

/** What a form starts. */
export interface FormStart {
  body: object;
  /** The same with the files themselves in place of their uploads: a repeat of the form has the same. */
  identity: object;
  /** To be called when the job uses the uploads of the form. */
  keep: () => void;
}

interface StartForm {
  job?: object;
  jobConf?: object;
  environment?: Record<string, string>;
  /** By field. */
  files: Record<string, StoredUpload>;
}

/** Of each part with text, as of a request with JSON. */
const textBytes = 262_144;

export function isStartForm(ctx: HttpContext): boolean {
  return /^multipart\/form-data\s*;/i.test(ctx.get('Content-Type'));
}

/**
 * Reads a start whose body is a form: `job` is the JSON of other starts, `jobConf` the same as a file of YAML or JSON, `env` a dotenv file, each
 * other part an input file. Its files are stored as uploads, which are removed unless `start` keeps them: if the form cannot be read or is
 * refused, or repeats one that has its own.
 */
export async function withStartForm(
  ctx: HttpContext,
  { inputFiles }: StartFormDeps,
  start: (form: FormStart) => Promise<void>,
): Promise<void> {
  // Its files take as long as they are large; each wait for a byte has a bound of its own.
  ctx.state.receives = true;
  const form: StartForm = { files: {} };
  const uploads = { areKept: false };
  try {
    await inputFiles.slots.with(() => readParts(ctx, inputFiles, form));
    await start({
      ...bodiesOf(form),
      keep() {
        uploads.areKept = true;
      },
    }).catch((error: unknown) => {
      // After an error of ours, the job may have been started.
      uploads.areKept ||= problemOf(error).status >= 500;
      throw error;
    });
  } finally {
    const ids = Object.values(form.files).map(({ id }) => id);
    if (!uploads.areKept) await discardUploads(inputFiles.store, ids);
  }
}

async function readParts(ctx: HttpContext, parts: UploadParts, form: StartForm): Promise<void> {
  const { signal } = ctx.state;
  const { clock } = parts;
  const { idleMillis } = parts.limits;
  const seen = new Set<string>();
  for await (const part of readForm({ request: ctx.req, clock, idleMillis }, signal)) {
    const { field } = part;
    if (seen.has(field)) throw invalidRequest(field, 'one part of this name');
    seen.add(field);
    const reading = { clock, idleMillis, limitBytes: textBytes };
    const readText = textFields.get(field);
    if (readText !== undefined) readText(form, await readTextPart(part, reading, signal));
    else form.files[field] = await receiveInput(ctx, parts, part);
  }
}

const textFields = new Map<string, (form: StartForm, text: string) => void>([
  ['job', (form, text) => (form.job = parseJob(text))],
  ['jobConf', (form, text) => (form.jobConf = readJobConf('jobConf', text))],
  ['env', (form, text) => (form.environment = readGivenDotenv('env', text))],
]);

async function receiveInput(ctx: HttpContext, parts: UploadParts, part: FormPart): Promise<StoredUpload> {
  if (!part.isFile) throw invalidRequest(part.field, 'job, jobConf, env, or a file');
  const file = fileOf(part, { name: undefined, caller: callerOf(ctx).name });
  return await receiveUpload(parts, file, ctx.state.signal);
}

function parseJob(text: string): object {
  let job: unknown;
  try {
    job = JSON.parse(text);
  } catch (cause) {
    throw invalidRequest('job', 'valid JSON', { cause });
  }
  if (typeof job === 'object' && job !== null && !Array.isArray(job)) return job;
  throw invalidRequest('job', 'a JSON object');
}

/** `job` goes before `jobConf`, and other parts before both. */
function bodiesOf({
  job,
  jobConf,
  environment = {},
  files,
}: StartForm): Pick<FormStart, 'body' | 'identity'> {
  if (job === undefined && jobConf === undefined)
    throw invalidRequest('job', 'a part with the JSON of the job, or a part jobConf');
  const start = mergeStarts(mergeStarts(jobConf ?? {}, job ?? {}), present({ environment }));
  const inputs = Object.entries(files).map(([field, { id }]) => [field, { upload: id }]);
  const known = Object.entries(files).map(([field, { sha256, name, mediaType }]) => [
    field,
    { sha256, name, mediaType },
  ]);
  return {
    body: mergeStarts(start, present({ inputs: Object.fromEntries(inputs) as object })),
    identity: mergeStarts(start, present({ inputs: Object.fromEntries(known) as object })),
  };
}

/** Without maps that are empty. */
function present(members: Record<string, object>): object {
  return Object.fromEntries(Object.entries(members).filter(([, map]) => Object.keys(map).length > 0));
}
