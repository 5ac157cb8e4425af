import type { EnvFileDescription } from '../http/routes/api/supply/env-file-schema.ts';
import type { ApiClient } from './api-client.ts';
import { required } from './required.ts';

/** Whose env file it is. */
export interface EnvFileOf {
  connector: string;
  assetId: string;
  consumer?: string | undefined;
}

export async function getEnvFile(
  client: ApiClient,
  { version, ...owner }: EnvFileOf & { version?: string | undefined },
  signal: AbortSignal,
): Promise<EnvFileDescription> {
  const path = pathOf(owner, { version });
  return required((await client.json<EnvFileDescription>({ path }, signal)).value);
}

/** A repeat with the same content makes no second version, unless the file is secret. */
export async function putEnvFile(
  client: ApiClient,
  wanted: { owner: EnvFileOf; bytes: Buffer; secret: boolean; template: string | undefined },
  signal: AbortSignal,
): Promise<EnvFileDescription> {
  const { owner, bytes, secret, template } = wanted;
  const path = pathOf(owner, { template, secret: secret ? 'true' : undefined });
  const headers = { 'content-type': 'text/plain; charset=utf-8' };
  return required(
    (await client.json<EnvFileDescription>({ method: 'PUT', path, headers, bytes }, signal)).value,
  );
}

export async function deleteEnvFile(client: ApiClient, owner: EnvFileOf, signal: AbortSignal): Promise<void> {
  await client.json({ method: 'DELETE', path: pathOf(owner, {}) }, signal);
}

/** The asset's id is in the query: proxies change encoded slashes in paths. */
function pathOf(
  { connector, assetId, consumer }: EnvFileOf,
  more: Record<string, string | undefined>,
): string {
  const given = Object.entries({ assetId, consumer, ...more }).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given as [string, string][]);
  return `/connectors/${encodeURIComponent(connector)}/assets/-/env?${query.toString()}`;
}
