import { misleadingSettings } from '../service-environment.ts';

/** Addresses and keys of a running `dev`; `dev --json` prints this object. */
export interface DevFacts {
  /** Path. */
  kubeconfig: string;
  namespace: string;
  s3: {
    endpoint: string;
    region: string;
    bucket: string;
    accessKeyId: string;
    secretAccessKey: string;
  };
  /** Base URL; with `serversOnly` the user starts the service there. */
  service: string;
  serversOnly: boolean;
  connector: {
    name: string;
    /** Endpoint of the connector's provisioner entry; its token is a secret. */
    provisionUrl: string;
    callback: string;
  };
  /** Key of the connector's management API. */
  connectorKey: string;
  /** Variables for a shell that uses these servers; with `serversOnly` also the settings and secrets of `serve`. */
  environment: Record<string, string>;
  /** Path of a file that a shell reads these variables from. */
  environmentFile: string;
}

/** A table, followed by commands to try. `end` says how to end `dev`. */
export function describeDev(facts: DevFacts, end: string): string {
  const { s3, connector } = facts;
  const rows = [
    ['service', facts.serversOnly ? `not started; it belongs at ${facts.service}` : facts.service],
    ['kubeconfig', facts.kubeconfig],
    ['namespace', facts.namespace],
    ['S3 endpoint', s3.endpoint],
    ['S3 bucket', s3.bucket],
    ['S3 access key', s3.accessKeyId],
    ['S3 secret key', s3.secretAccessKey],
    ['S3 region', s3.region],
    ['connector', connector.name],
    ['its callbacks', connector.callback],
    ['its key', facts.connectorKey],
    ['its endpoint for us', connector.provisionUrl],
    ['for a shell', `. ${facts.environmentFile}`],
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  const table = rows.map(([name = '', value = '']) => `  ${name.padEnd(width)}  ${value}`);
  return `${[...table, '', ...startingService(facts), ...advice(facts), end].join('\n')}\n`;
}

function startingService({ serversOnly, environmentFile }: DevFacts): string[] {
  if (!serversOnly) return [];
  return ['Start the service on it:', `  . ${environmentFile}`, '  npm start', ''];
}

function advice({ kubeconfig, namespace, s3, service, connector }: DevFacts): string[] {
  return [
    'Try it:',
    `  curl -O -J ${service}/demo/seattle-weather`,
    `  kubectl --kubeconfig ${kubeconfig} -n ${namespace} get jobs,pods`,
    `  MC_HOST_dev=${mcHost(s3)} mc ls -r dev/${s3.bucket}`,
    '',
    'An EDC provider up to 0.15 with its management key set to the key above gets results by:',
    ...describeEntry(connector.provisionUrl).map((line) => `  ${line}`),
    'and an asset "seattle-weather" whose data address has that type. It must send exactly the address of its callbacks above.',
    'What else it needs: docs/connectors/README.md',
    '',
  ];
}

/** Variables with which `curl`, `kubectl` and `mc` reach the servers of `dev`. */
export function devEnvironment(facts: Omit<DevFacts, 'environment'>): Record<string, string> {
  return {
    SERVICE: facts.service,
    PROVISION_URL: facts.connector.provisionUrl,
    KUBECONFIG: facts.kubeconfig,
    MC_HOST_dev: mcHost(facts.s3),
  };
}

/** `mc` expects the keys in the address. */
function mcHost({ endpoint, accessKeyId, secretAccessKey }: DevFacts['s3']): string {
  return endpoint.replace('//', `//${accessKeyId}:${secretAccessKey}@`);
}

/** Commands for a POSIX shell. */
export function describeEnvironment({ environment, serversOnly }: DevFacts): string {
  const unset = serversOnly ? misleadingSettings.filter((name) => !(name in environment)) : [];
  const lines = Object.entries(environment).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [...unset.map((name) => `unset ${name}`), ...lines, ''].join('\n');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * `data.address.type` of the provisioner's entry. Up to 0.10 a connector deprovisions only addresses of its entry's type, and the service
 * always hands out HttpData addresses.
 */
export const entryAddressTypes = [
  { releases: 'up to 0.10', type: 'HttpData' },
  { releases: '0.11 to 0.15', type: 'HttpProvision' },
] as const;

/** Lines of the connector's configuration. Where releases differ, there is a line for each. */
export function describeEntry(endpoint: string): string[] {
  const entry = 'provisioner.http.entries.jobs';
  return [
    `${entry}.provisioner.type=provider`,
    `${entry}.endpoint=${endpoint}`,
    ...entryAddressTypes.flatMap(({ releases, type }) => [
      `# EDC ${releases}`,
      `${entry}.data.address.type=${type}`,
    ]),
  ];
}
