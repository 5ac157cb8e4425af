/**
 * Every key in the bucket. All but uploads and the indexes are below `flows/<flow>/`, those of an attempt in a folder of its own, since its
 * pod may write only there. The pod half uses this file too, so it imports nothing.
 */
export const flowsPrefix = 'flows/';

/** With a slash at the end: without it, `flow-1` would match `flow-10` too. */
export function flowPrefix(flow: string): string {
  return `${flowsPrefix}${flow}/`;
}

export function attemptPrefix(flow: string, attempt: string): string {
  return `${flowPrefix(flow)}${attempt}/`;
}

export function manifestKey(flow: string, attempt: string): string {
  return `${attemptPrefix(flow, attempt)}manifest.json`;
}

/** The logs of a flow's workers that are kept when their pods are gone. In no folder: the keys of a pod do not reach them. */
export function logsPrefix(flow: string): string {
  return `${flowPrefix(flow)}log-`;
}

export interface LoggedAttempt {
  /** Pod UID. */
  attempt: string;
  /** Of the pod: RFC 3339, whole seconds. */
  createdAt: string | undefined;
}

/** Its keys are listed from the oldest attempt to the newest. */
export function logKey(flow: string, { attempt, createdAt = '' }: LoggedAttempt): string {
  const time = createdAt
    .replaceAll(/[^0-9]/g, '')
    .slice(0, 14)
    .padEnd(14, '0');
  return `${logsPrefix(flow)}${time}-${attempt}.txt`;
}

/** The attempt whose log is stored there; undefined for a key that is not ours. */
export function readLogKey(key: string): string | undefined {
  return /^flows\/[^/]+\/log-\d{14}-([0-9a-f-]{36})\.txt$/.exec(key)?.[1];
}

/** Written while the attempt runs. */
export function progressKey(flow: string, attempt: string): string {
  return `${attemptPrefix(flow, attempt)}progress.json`;
}

export function recordKey(flow: string): string {
  return `${flowPrefix(flow)}record.json`;
}

/** An environment that is too large for an annotation. Each request writes its own; if the request died, it is deleted by its age. */
export function environmentKey(flow: string, acceptedAt: string): string {
  return `${flowPrefix(flow)}environment-${Date.parse(acceptedAt)}.json`;
}

/** Whether the key is that of an environment written after a time (milliseconds since the epoch). */
export function environmentBornAfter(key: string, millis: number): boolean {
  const [, born] = /^flows\/[^/]+\/environment-(\d{1,16})\.json$/.exec(key) ?? [];
  return born !== undefined && Number(born) > millis;
}

/** Input files that wait for a job, `uploads/<id>/`. The description is written last: without it, there is no upload. */
export const uploadsPrefix = 'uploads/';

function uploadPrefix(id: string): string {
  return `${uploadsPrefix}${id}/`;
}

export function uploadContentKey(id: string): string {
  return `${uploadPrefix(id)}content`;
}

export function uploadDescriptionKey(id: string): string {
  return `${uploadPrefix(id)}upload.json`;
}

/** Of an upload whose parts a client sends to the store itself. Written first. */
export function presignedUploadKey(id: string): string {
  return `${uploadPrefix(id)}presigned.json`;
}

/** Env files of assets, one object for each version. */
const envFilesPrefix = 'env/';

/** Whose env file it is; `asset` and `consumer` are names as `keySegment` makes them. */
export interface EnvFileFolder {
  connector: string;
  asset: string;
  consumer?: string | undefined;
}

/** `env/<connector>/<asset>/asset/`, or `env/<connector>/<asset>/consumers/<consumer>/`. */
export function envFilePrefix({ connector, asset, consumer }: EnvFileFolder): string {
  const owner = consumer === undefined ? 'asset' : `consumers/${consumer}`;
  return `${envFilesPrefix}${connector}/${asset}/${owner}/`;
}

/** Keys are listed in the order of versions. */
export function envFileKey(folder: EnvFileFolder, version: number): string {
  return `${envFilePrefix(folder)}${String(version).padStart(10, '0')}.json`;
}

/** Undefined for a key that is not ours. */
export function readEnvFileKey(key: string): number | undefined {
  const [, version] = /\/(\d{10})\.json$/.exec(key) ?? [];
  return version === undefined ? undefined : Number(version);
}

/** Templates that were stored by the API, one object for each version. */
export const templatesPrefix = 'templates/';

/** The versions of one template; its name is a DNS label. */
export function templatePrefix(name: string): string {
  return `${templatesPrefix}${name}/`;
}

/** Keys are listed in the order of versions. */
export function templateKey({ name, version }: TemplateVersion): string {
  return `${templatePrefix(name)}${String(version).padStart(10, '0')}.json`;
}

export interface TemplateVersion {
  name: string;
  version: number;
}

/** Undefined for a key that is not ours. */
export function readTemplateKey(key: string): TemplateVersion | undefined {
  const [, name, version] = /^templates\/([a-z0-9-]{1,63})\/(\d{10})\.json$/.exec(key) ?? [];
  return name === undefined ? undefined : { name, version: Number(version) };
}

/** What was delivered to an inbox of an asset, `inboxes/<id>/`: ids start with the time at which the inbox expires. */
export const inboxesPrefix = 'inboxes/';

/** Whose existence says that the inbox has taken its body. */
export function inboxBodyKey(id: string): string {
  return `${inboxesPrefix}${id}/body.json`;
}

export function inboxAnswerKey(id: string): string {
  return `${inboxesPrefix}${id}/answer.json`;
}

/** The index by time of acceptance: one empty object per flow, `records/<yyyy>/<mm>/<dd>/<hhmmssmmm>/<flow>`, UTC. */
export const recordIndexPrefix = 'records/';

export interface RecordedFlow {
  flow: string;
  /** RFC 3339. */
  acceptedAt: string;
}

export function recordIndexKey({ flow, acceptedAt }: RecordedFlow): string {
  const time = new Date(acceptedAt).toISOString();
  return `${recordDayPrefix(time)}${timeInKey(time)}/${flow}`;
}

/** The keys of all flows that were accepted on the day of this time (RFC 3339, UTC). */
export function recordDayPrefix(time: string): string {
  return `${recordIndexPrefix}${time.slice(0, 10).replaceAll('-', '/')}/`;
}

/** Undefined for a key that is not ours. */
export function readRecordIndexKey(key: string): RecordedFlow | undefined {
  const read = key.startsWith(recordIndexPrefix)
    ? readTimedKey(key.slice(recordIndexPrefix.length))
    : undefined;
  return read && { flow: read.flow, acceptedAt: new Date(read.millis).toISOString() };
}

/**
 * The index of deletions by their time: one empty object per flow, `cleanup/<yyyy>/<mm>/<dd>/<hhmmssmmm>/<flow>`, UTC. Keys are listed in
 * the order of their times, so that a sweep reads the ones that are due and stops. It needs no Job.
 */
export const cleanupPrefix = 'cleanup/';

export interface Cleanup {
  flow: string;
  /** Milliseconds since the epoch. */
  due: number;
}

export function cleanupKey({ flow, due }: Cleanup): string {
  const time = new Date(due).toISOString();
  return `${cleanupPrefix}${time.slice(0, 10).replaceAll('-', '/')}/${timeInKey(time)}/${flow}`;
}

/** Undefined for a key that is not ours. */
export function readCleanupKey(key: string): Cleanup | undefined {
  const read = key.startsWith(cleanupPrefix) ? readTimedKey(key.slice(cleanupPrefix.length)) : undefined;
  return read && { flow: read.flow, due: read.millis };
}

function timeInKey(time: string): string {
  return time.slice(11).replaceAll(/[^0-9]/g, '');
}

const timedKey = /^(\d{4})\/(\d\d)\/(\d\d)\/(\d\d)(\d\d)(\d\d)(\d{3})\/([^/]+)$/;

function readTimedKey(key: string): { flow: string; millis: number } | undefined {
  const [, ...parts] = timedKey.exec(key) ?? [];
  const [year, month, day, hour, minute, second, milli, flow] = parts;
  const millis = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milli}Z`);
  return flow === undefined || Number.isNaN(millis) ? undefined : { flow, millis };
}
