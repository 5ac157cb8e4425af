import { describeEntry } from './connector-entry.ts';
import { mcHost } from './dev-environment.ts';

/** All that somebody needs to work with what `dev` runs; printed by `dev --json` as it is. */
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
  /** Base URL; with `serversOnly` nothing listens there yet. */
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
  /** What a shell needs to use all this; with `serversOnly` also the settings and secrets of `serve`. */
  environment: Record<string, string>;
  /** Path: the same for a shell to read. */
  environmentFile: string;
}

/** As a table, followed by what to type. `end`: how to end it. */
export function describeDev(facts: DevFacts, end: string): string {
  const { s3, connector } = facts;
  const rows = [
    ['service', facts.serversOnly ? `not started; its place is ${facts.service}` : facts.service],
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
    'What else it needs: docs/connector.md',
    '',
  ];
}
