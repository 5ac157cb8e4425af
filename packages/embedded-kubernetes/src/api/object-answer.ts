import type { KubeObject } from '../objects/kube-object.ts';
import { notFound } from '../objects/status-error.ts';
import type { ApiContext, ApiRequest, JsonAnswer } from './context.ts';
import { requestedKey } from './query.ts';
import { tableOf, wantsTable } from './table.ts';

/** GET of one object, or of its status. */
export function getObject(request: ApiRequest, context: ApiContext): JsonAnswer {
  const key = requestedKey(request);
  const object = context.registry.get(key);
  if (!object) throw notFound(request.definition, key.name);
  return objectAnswer({ code: 200, object, warnings: [] }, request, context);
}

interface ObjectResult {
  code: number;
  object: KubeObject;
  warnings: string[];
}

/** An object as the client wants it: itself, or a table with one row. */
export function objectAnswer(result: ObjectResult, request: ApiRequest, context: ApiContext): JsonAnswer {
  const { code, object, warnings } = result;
  if (!wantsTable(request)) return { kind: 'json', code, body: object, warnings };
  const { resourceVersion } = object.metadata;
  const body = tableOf(request, { objects: [object], metadata: { resourceVersion }, now: context.now() });
  return { kind: 'json', code, body, warnings };
}
