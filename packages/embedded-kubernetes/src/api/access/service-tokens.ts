import { createHmac, timingSafeEqual } from 'node:crypto';

import { isRecord } from '../../objects/copy.ts';
import type { KubeObject } from '../../objects/kube-object.ts';
import { badRequest, conflict } from '../../objects/status-error.ts';
import { timestamp } from '../../objects/timestamp.ts';
import type { Registry } from '../../registry/types.ts';

/** What a token is bound to beside its account: it ends with it. */
export interface BoundObject {
  kind: string;
  name: string;
  uid: string;
}

export interface TokenWish {
  audiences: string[];
  expirationSeconds: number;
  bound?: BoundObject | undefined;
}

/** Tokens of service accounts: signed, and worth nothing without the objects that they name. */
export interface ServiceTokens {
  issue(account: KubeObject, wish: TokenWish): { token: string; expirationTimestamp: string };
  /** `system:serviceaccount:…`; undefined for a token that is not, or no longer, valid. */
  userOf(token: string): string | undefined;
}

interface Claims {
  sub: string;
  exp: number;
  'kubernetes.io': { namespace: string; serviceaccount: NamedObject; bound?: BoundObject };
}

interface NamedObject {
  name: string;
  uid: string;
}

const boundKinds: Record<string, string> = { Secret: 'secrets', Pod: 'pods' };

export function createServiceTokens(options: {
  registry: Pick<Registry, 'get'>;
  key: Buffer;
  now: () => Date;
}): ServiceTokens {
  const { registry, key, now } = options;

  function exists(resource: string, namespace: string, { name, uid }: NamedObject): boolean {
    return registry.get({ resource, namespace, name })?.metadata.uid === uid;
  }
  function isAlive({ exp, 'kubernetes.io': about }: Claims): boolean {
    const { namespace, serviceaccount, bound } = about;
    if (exp * 1000 <= now().getTime() || !exists('serviceaccounts', namespace, serviceaccount)) return false;
    return !bound || exists(boundKinds[bound.kind] ?? '', namespace, bound);
  }
  return {
    issue(account, { audiences, expirationSeconds, bound }) {
      const { name, namespace = '', uid } = account.metadata;
      const resource = boundResource(bound);
      if (bound && !exists(resource, namespace, bound)) {
        const why = `the UID in the bound object reference (${bound.uid}) does not match the UID in record`;
        throw conflict({ plural: resource, group: '', kind: bound.kind }, bound.name, why);
      }
      const exp = Math.floor(now().getTime() / 1000) + expirationSeconds;
      const claims = {
        ...{ sub: `system:serviceaccount:${namespace}:${name}`, aud: audiences, exp },
        'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...(bound ? { bound } : {}) },
      };
      const body = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded(claims)}`;
      const expirationTimestamp = timestamp(new Date(exp * 1000));
      return { token: `${body}.${signature(key, body)}`, expirationTimestamp };
    },
    userOf(token) {
      const claims = verifiedClaims(key, token);
      return claims && isAlive(claims) ? claims.sub : undefined;
    },
  };
}

function boundResource(bound: BoundObject | undefined): string {
  const resource = boundKinds[bound?.kind ?? 'Pod'];
  if (resource !== undefined) return resource;
  throw badRequest(`a token cannot be bound to a ${bound?.kind ?? ''}: a Pod or a Secret is expected`);
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signature(key: Buffer, body: string): string {
  return createHmac('sha256', key).update(body).digest('base64url');
}

function verifiedClaims(key: Buffer, token: string): Claims | undefined {
  const end = token.lastIndexOf('.');
  const expected = Buffer.from(signature(key, token.slice(0, Math.max(0, end))));
  const given = Buffer.from(token.slice(end + 1));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return isRecord(claims) ? (claims as unknown as Claims) : undefined;
}
