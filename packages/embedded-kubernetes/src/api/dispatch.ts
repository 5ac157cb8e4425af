import { requestToken } from './access/requests.ts';
import type { Answer, ApiContext, ApiRequest, Handler } from './context.ts';
import { deleteCollection, deleteObject, evictPod, methodNotAllowed } from './delete-objects.ts';
import { listObjects } from './list-objects.ts';
import { getObject } from './object-answer.ts';
import { readPodLog } from './pod-log.ts';
import { booleanOption } from './query.ts';
import { watchObjects } from './watch-objects.ts';
import { createObject, patchObject, updateObject } from './write-object.ts';

type Target = 'collection' | 'object' | 'status' | 'log' | 'eviction' | 'token';

const handlers: Record<Target, Partial<Record<string, Handler>>> = {
  collection: { GET: listOrWatch, POST: createObject, DELETE: deleteCollection },
  object: { GET: getObject, PUT: updateObject, PATCH: patchObject, DELETE: deleteObject },
  status: { GET: getObject, PUT: updateObject, PATCH: patchObject },
  log: { GET: readPodLog },
  eviction: { POST: evictPod },
  token: { POST: requestToken },
};

/** Finds what serves a method on a path; what nothing serves is 405. */
export function dispatch(request: ApiRequest, context: ApiContext): Answer | Promise<Answer> {
  const handler = handlers[targetOf(request)][request.method];
  const isWholeCluster = request.definition.namespaced && request.namespace === undefined;
  if (!handler || (isWholeCluster && request.method !== 'GET')) throw methodNotAllowed();
  return handler(request, context);
}

function targetOf({ name, subresource }: ApiRequest): Target {
  if (name === undefined) return 'collection';
  return (subresource as Target | undefined) ?? 'object';
}

function listOrWatch(request: ApiRequest, context: ApiContext): Answer {
  return booleanOption(request.query, 'watch')
    ? watchObjects(request, context)
    : listObjects(request, context);
}
