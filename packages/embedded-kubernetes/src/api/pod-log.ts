import { pipeline } from 'node:stream/promises';

import type { KubeObject } from '../objects/kube-object.ts';
import { listMember, member, textMember } from '../objects/members.ts';
import type { PodLogOptions } from '../objects/pod-logs.ts';
import { badRequest, notFound } from '../objects/status-error.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import { booleanOption, integerOption, optionInvalid, requestedKey } from './query.ts';

/** GET of `/log`: one container's output as plain text. */
export async function readPodLog(request: ApiRequest, context: ApiContext): Promise<Answer> {
  const key = requestedKey(request);
  const pod = context.registry.get(key);
  if (!pod) throw notFound(request.definition, key.name);
  const options = logOptions(request.query);
  const container = containerOf(pod, request.query.get('container') ?? '');
  checkStarted(pod, container, options);
  const { name, uid, namespace = '' } = pod.metadata;
  const log = await context.podLogs.read({ namespace, pod: name, uid, container }, options, request.signal);
  return {
    kind: 'stream',
    contentType: 'text/plain',
    async write(response) {
      // A quiet container is followed too: the client must not wait for the first line to learn that.
      response.flushHeaders();
      await pipeline(log, response, { signal: request.signal });
    },
  };
}

const unsupportedOptions = ['sinceSeconds', 'stream'];

function logOptions(query: URLSearchParams): PodLogOptions {
  // False and All are what a real server takes for an absent option.
  const unsupported = unsupportedOptions.find(
    (name) => !['', 'false', 'All'].includes(query.get(name) ?? ''),
  );
  if (unsupported !== undefined) {
    throw optionInvalid(unsupported, 'Forbidden: the embedded cluster does not support it');
  }
  const tailLines = integerOption(query, 'tailLines');
  const since = sinceOption(query.get('sinceTime') ?? '');
  const limitBytes = integerOption(query, 'limitBytes');
  if (limitBytes === 0) throw optionInvalid('limitBytes', 'Invalid value: 0: must be greater than 0');
  return {
    follow: booleanOption(query, 'follow'),
    previous: booleanOption(query, 'previous'),
    timestamps: booleanOption(query, 'timestamps'),
    ...(since === '' ? {} : { since }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

/** A kubelet gets it without fractions of a second. */
function sinceOption(time: string): string {
  if (time === '') return '';
  const millis = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(time) ? Date.parse(time) : NaN;
  if (Number.isNaN(millis)) throw badRequest(`parsing time ${JSON.stringify(time)} as RFC 3339: sinceTime`);
  return new Date(millis).toISOString().slice(0, 19);
}

function containerOf(pod: KubeObject, asked: string): string {
  const main = names(pod, 'containers');
  const init = names(pod, 'initContainers');
  if (asked === '') {
    if (main.length === 1 && init.length === 0) return main[0] ?? '';
    const also = init.length > 0 ? ` or one of the init containers: [${init.join(' ')}]` : '';
    throw badRequest(
      `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${main.join(' ')}]${also}`,
    );
  }
  if (main.includes(asked) || init.includes(asked)) return asked;
  throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
}

function names(pod: KubeObject, list: string): string[] {
  return listMember(pod, 'spec', list).map((container) => textMember(container, 'name'));
}

function checkStarted(pod: KubeObject, container: string, options: PodLogOptions): void {
  const statuses = [
    ...listMember(pod, 'status', 'initContainerStatuses'),
    ...listMember(pod, 'status', 'containerStatuses'),
  ];
  const status = statuses.find((each) => textMember(each, 'name') === container);
  const { name } = pod.metadata;
  const hasPrevious = member(status, 'lastState', 'terminated') !== undefined;
  if (options.previous && !hasPrevious) {
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  }
  const isWaiting = status === undefined || member(status, 'state', 'waiting') !== undefined;
  if (!isWaiting || hasPrevious) return;
  const reason = textMember(status, 'state', 'waiting', 'reason') || 'ContainerCreating';
  const problem = reason.includes('Image')
    ? 'trying and failing to pull image'
    : `waiting to start: ${reason}`;
  throw badRequest(`container "${container}" in pod "${name}" is ${problem}`);
}
