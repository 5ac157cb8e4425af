import { isRecord } from '../../objects/copy.ts';
import { badRequest, notFound } from '../../objects/status-error.ts';
import type { ApiContext, ApiRequest, JsonAnswer } from '../context.ts';
import { booleanOption, requestedKey } from '../query.ts';
import { checkGranted, isGranted } from './authorize.ts';
import type { BoundObject } from './service-tokens.ts';

/** The user of the cluster's own token, who may do everything. */
export const administrator = 'administrator';

/** Throws a 403 if the caller's Roles do not grant the request. */
export function checkAllowed(user: string, request: ApiRequest, { registry }: ApiContext): void {
  if (user === administrator) return;
  const { definition, namespace, name, subresource } = request;
  checkGranted(registry, user, {
    verb: verbOf(request),
    group: definition.group,
    resource: subresource === undefined ? definition.plural : `${definition.plural}/${subresource}`,
    namespace,
    name,
  });
}

function verbOf({ method, name, query }: ApiRequest): string {
  if (method === 'GET') return name !== undefined ? 'get' : booleanOption(query, 'watch') ? 'watch' : 'list';
  if (method === 'DELETE') return name === undefined ? 'deletecollection' : 'delete';
  return { POST: 'create', PUT: 'update', PATCH: 'patch' }[method] ?? method.toLowerCase();
}

/** POST to `/token` of a service account. */
export async function requestToken(request: ApiRequest, context: ApiContext): Promise<JsonAnswer> {
  const key = requestedKey(request);
  const account = context.registry.get(key);
  if (!account) throw notFound(request.definition, key.name);
  const spec = specOf(await request.readBody());
  const seconds = spec['expirationSeconds'] ?? 3600;
  if (!Number.isSafeInteger(seconds) || Number(seconds) < 600) {
    throw badRequest(
      'spec.expirationSeconds: Invalid value: may not specify a duration less than 10 minutes',
    );
  }
  const audiences = Array.isArray(spec['audiences']) ? spec['audiences'].map(String) : ['kubernetes'];
  const bound = isRecord(spec['boundObjectRef']) ? boundObject(spec['boundObjectRef']) : undefined;
  const expirationSeconds = Number(seconds);
  const status = context.tokens.issue(account, { audiences, expirationSeconds, bound });
  const body = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', metadata: {}, spec, status };
  return { kind: 'json', code: 201, body };
}

function boundObject({ kind, name, uid }: Record<string, unknown>): BoundObject {
  return { kind: String(kind), name: String(name), uid: String(uid) };
}

/** POST of an administrator's question about a token or a user, or of anybody's about themselves; undefined for any other request. */
export async function reviewAt(
  path: string,
  request: Pick<ApiRequest, 'method' | 'readBody'> & { user: string },
  context: ApiContext,
): Promise<JsonAnswer | undefined> {
  const review = reviews[path];
  if (!review || request.method !== 'POST') return undefined;
  if (review.kind !== 'SelfSubjectAccessReview' && request.user !== administrator) return undefined;
  const spec = specOf(await request.readBody());
  const { kind, group } = review;
  const status = review.judge(spec, context, request.user);
  const body = { kind, apiVersion: `${group}/v1`, metadata: {}, spec, status };
  return { kind: 'json', code: 201, body };
}

interface Review {
  kind: string;
  group: string;
  judge(spec: Record<string, unknown>, context: ApiContext, caller: string): object;
}

const reviews: Record<string, Review> = {
  '/apis/authentication.k8s.io/v1/tokenreviews': {
    kind: 'TokenReview',
    group: 'authentication.k8s.io',
    judge({ token }, { tokens }) {
      const username = tokens.userOf(String(token));
      return username === undefined ? { error: 'Unauthorized' } : { authenticated: true, user: { username } };
    },
  },
  '/apis/authorization.k8s.io/v1/subjectaccessreviews': {
    kind: 'SubjectAccessReview',
    group: 'authorization.k8s.io',
    judge: ({ user, resourceAttributes }, context) => reviewAccess(String(user), resourceAttributes, context),
  },
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': {
    kind: 'SelfSubjectAccessReview',
    group: 'authorization.k8s.io',
    judge: ({ resourceAttributes }, context, caller) => reviewAccess(caller, resourceAttributes, context),
  },
};

function reviewAccess(user: string, asked: unknown, { registry }: ApiContext): { allowed: boolean } {
  if (user === administrator) return { allowed: true };
  const { verb, group = '', resource, subresource, namespace, name } = isRecord(asked) ? asked : {};
  const allowed = isGranted(registry, user, {
    verb: String(verb),
    group: String(group),
    resource: [resource, subresource].filter(Boolean).join('/'),
    namespace: typeof namespace === 'string' ? namespace : undefined,
    name: typeof name === 'string' ? name : undefined,
  });
  return { allowed };
}

function specOf(body: unknown): Record<string, unknown> {
  if (isRecord(body) && isRecord(body['spec'])) return body['spec'];
  throw badRequest('spec: an object is expected');
}
