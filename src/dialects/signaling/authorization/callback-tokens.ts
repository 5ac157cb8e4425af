import { hash } from 'node:crypto';
import { createTokenSource, type SourceOptions, type TokenSource } from '../../token-source.ts';
import { BoundedMap } from './bounded-map.ts';
import type { ControlPlane } from './control-plane.ts';
import { grantFor, type ExchangeRules } from './grants.ts';

/** Tokens for the callbacks to all control planes. */
export interface CallbackTokens {
  /** Undefined for a control plane without an authorization. Throws as `TokenSource.obtain`. */
  obtain(callee: Callee, signal: AbortSignal): Promise<string | undefined>;
  drop(callee: Callee, token: string): void;
}

export interface Callee {
  controlPlane: ControlPlane;
  rules: ExchangeRules;
}

/** More than a service has control planes. */
const sourceLimit = 1000;

/** A registration that changes its secret gets a new source; one that is read again keeps its own. */
export function createCallbackTokens(options: SourceOptions): CallbackTokens {
  const sources = new BoundedMap<TokenSource>(sourceLimit);
  function sourceOf({ controlPlane: { id, authorization }, rules }: Callee): TokenSource | undefined {
    if (authorization === undefined) return undefined;
    const key = hash('sha256', JSON.stringify([id, authorization, rules]));
    return sources.getOrCreate(key, () => createTokenSource(grantFor(authorization, id, rules), options));
  }
  return {
    obtain: async (callee, signal) => await sourceOf(callee)?.obtain(signal),
    drop: (callee, token) => sourceOf(callee)?.drop(token),
  };
}
