import { parametersSecretName } from '../../flow/names.ts';
import type { Secret } from '../../kubernetes/types.ts';
import type { RenderedTemplate } from '../../template/template.ts';
import { buildFlowLabels } from './labels.ts';

/** Parameters marked `writeOnly`. Written before the Job, so that it gets its owner afterwards. */
export function buildParametersSecret(
  flow: string,
  { secretEnvironment, digest }: Pick<RenderedTemplate, 'secretEnvironment' | 'digest'>,
): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: { name: parametersSecretName(flow, digest), labels: buildFlowLabels(flow) },
    data: encode(secretEnvironment),
  };
}

function encode(values: Record<string, string>): Record<string, string> {
  const entries = Object.entries(values).map(([name, value]) => [
    name,
    Buffer.from(value).toString('base64'),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
