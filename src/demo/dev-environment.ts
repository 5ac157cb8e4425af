import type { DevFacts } from './describe-dev.ts';
import { misleadingSettings } from './service-environment.ts';

/** What `curl`, `kubectl` and `mc` need to reach what `dev` runs. */
export function devEnvironment({
  service,
  kubeconfig,
  s3,
  connector,
}: Pick<DevFacts, 'service' | 'kubeconfig' | 's3' | 'connector'>): Record<string, string> {
  return {
    SERVICE: service,
    PROVISION_URL: connector.provisionUrl,
    KUBECONFIG: kubeconfig,
    MC_HOST_dev: mcHost(s3),
  };
}

/** `mc` takes an address with the keys in it. */
export function mcHost({ endpoint, accessKeyId, secretAccessKey }: DevFacts['s3']): string {
  return endpoint.replace('//', `//${accessKeyId}:${secretAccessKey}@`);
}

/** For a POSIX shell to read. */
export function describeEnvironment({ environment, serversOnly }: DevFacts): string {
  const unset = serversOnly ? misleadingSettings.filter((name) => !(name in environment)) : [];
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [...unset.map((name) => `unset ${name}`), ...lines, ''].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
