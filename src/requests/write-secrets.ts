import { buildInputUrlsSecret, buildParametersSecret, buildSinkSecret } from '../cluster-objects/secrets.ts';
import { usedAtAnnotation } from '../flow/labels.ts';
import { addIfMissing, patchIfPresent } from '../kubernetes/resource-client.ts';
import type { Secret } from '../kubernetes/types.ts';
import type { RequestDependencies, WantedFlow } from './flow-service.ts';

/** The Secrets that a flow needs before its Job. */
export function buildSecrets({
  flow,
  rendered,
  sink,
}: Pick<WantedFlow, 'rendered' | 'sink'> & { flow: string }): Secret[] {
  const { secretEnvironment, inputUrls } = rendered;
  return [
    ...(Object.keys(secretEnvironment).length > 0 ? [buildParametersSecret(flow, rendered)] : []),
    ...(Object.keys(inputUrls).length > 0 ? [buildInputUrlsSecret(flow, inputUrls)] : []),
    ...(sink === undefined ? [] : [buildSinkSecret(flow, sink)]),
  ];
}

/** A Secret that is written before the Job that will own it, or again with other values. */
export async function writeSecret(
  deps: RequestDependencies,
  secret: Secret,
  signal: AbortSignal,
): Promise<void> {
  const { secrets } = deps.cluster;
  if (await addIfMissing(secrets, secret, signal)) return;
  // Left by a request that died before its Job: the values may have changed since, and the sweep must see that the Secret is used.
  const metadata = { annotations: { [usedAtAnnotation]: deps.now().toISOString() } };
  const name = secret.metadata?.name ?? '';
  const kept = await patchIfPresent(secrets, { name, patch: { metadata, data: secret.data } }, signal);
  if (!kept) await secrets.add(secret, signal);
}
