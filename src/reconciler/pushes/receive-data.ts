import { systemClock } from '../../clock.ts';
import { readSinkSecret } from '../../cluster-objects/secrets.ts';
import type { Flow } from '../../flow/flow.ts';
import { attemptPrefix, manifestKey } from '../../flow/keys.ts';
import { sinkSecretName } from '../../flow/names.ts';
import { collectFiles, removeDescriptions } from '../../inbox/collect-files.ts';
import { encodeKey, fileKey, type Manifest, type ManifestFile } from '../../result/manifest.ts';
import { readManifest } from '../../result/read-manifest.ts';
import { putJsonOnce } from '../../storage/upload/put-object.ts';
import { fetchFile, type FetchedFile } from '../../transfer/fetch-file.ts';
import type { PushResult } from '../../transfer/types.ts';
import { limitsOf } from './limits.ts';
import type { PushDependencies } from './run-pushes.ts';
import { jsonPayload } from '../../storage/upload/ask-store.ts';

/** What was received has a manifest, written last as a sidecar does it; a process that finds one does nothing again. */
export async function receiveData(
  deps: PushDependencies,
  flow: Flow,
  signal: AbortSignal,
): Promise<PushResult> {
  const { store } = deps;
  const { name, uid: attempt, protocol } = flow;
  const reading = await readManifest({ store, flow: name, attempt }, signal);
  const done: PushResult = { result: 'done', bytes: 0, attempts: 0 };
  if (protocol?.collects === true) {
    if (!reading.found) await collect(deps, flow, signal);
    await removeDescriptions({ store, inbox: { flow: name, attempt } }, signal);
    return done;
  }
  return reading.found ? done : await fetchData(deps, flow, signal);
}

/** Nothing more is added to the inbox: its control plane has been answered that it is complete. */
async function collect(deps: PushDependencies, flow: Flow, signal: AbortSignal): Promise<void> {
  const { store } = deps;
  const { name, uid: attempt, lastRequestAt = flow.createdAt } = flow;
  await store.abortUploads(attemptPrefix(name, attempt), signal);
  const inbox = { flow: name, attempt };
  const files = await collectFiles({ store, inbox, otherwiseAt: lastRequestAt }, signal);
  await writeManifest(deps, { flow, files }, signal);
}

async function fetchData(deps: PushDependencies, flow: Flow, signal: AbortSignal): Promise<PushResult> {
  const { cluster, store, config, dispatcher, uploads } = deps;
  const { name, uid } = flow;
  const secret = await cluster.secrets.get(sinkSecretName(name), signal);
  if (secret === undefined)
    return { result: 'failed', problem: 'the Secret with the address of the data is gone', attempts: 0 };
  await store.abortUploads(attemptPrefix(name, uid), signal);
  const fetched = await fetchFile(
    {
      ...{ source: readSinkSecret(secret), store: uploads, dispatcher, clock: systemClock },
      limits: limitsOf(deps, flow),
      keyOf: (file) => fileKey(name, uid, encodeKey(file)),
      maxBytes: config.transfers.maxReceivedBytes,
    },
    signal,
  );
  if (fetched.result === 'done')
    await writeManifest(deps, { flow, files: [fileOf(fetched.file, deps.now())] }, signal);
  return fetched;
}

function fileOf(file: FetchedFile, now: Date): ManifestFile {
  const { name: path, modifiedAt = now.toISOString(), size, sha256, crc32: checksum, etag } = file;
  return { path, key: encodeKey(path), size, sha256, crc32: checksum, etag, modifiedAt };
}

async function writeManifest(
  { uploads, now }: PushDependencies,
  { flow: { name, uid }, files }: { flow: Flow; files: ManifestFile[] },
  signal: AbortSignal,
): Promise<void> {
  const createdAt = now().toISOString();
  const manifest: Manifest = { version: 1, flow: name, attempt: uid, createdAt, files };
  await putJsonOnce(uploads, { key: manifestKey(name, uid), payload: jsonPayload(manifest) }, signal);
}
