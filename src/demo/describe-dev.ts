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
  /** Base URL. */
  service: string;
  connector: {
    name: string;
    /** Endpoint of the connector's provisioner entry; its token is a secret. */
    provisionUrl: string;
    callback: string;
  };
  /** Key of the connector's management API. */
  connectorKey: string;
}

/** As a table, followed by what to type. */
export function describeDev(facts: DevFacts): string {
  const { s3, connector } = facts;
  const rows = [
    ['service', facts.service],
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
  ];
  const width = Math.max(...rows.map(([name = '']) => name.length));
  const table = rows.map(([name = '', value = '']) => `  ${name.padEnd(width)}  ${value}`);
  return `${[...table, '', ...advice(facts)].join('\n')}\n`;
}

function advice({ kubeconfig, namespace, s3, service, connector }: DevFacts): string[] {
  const host = s3.endpoint.replace('http://', `http://${s3.accessKeyId}:${s3.secretAccessKey}@`);
  return [
    'Try it:',
    `  curl -O -J ${service}/demo/seattle-weather`,
    `  kubectl --kubeconfig ${kubeconfig} -n ${namespace} get jobs,pods`,
    `  MC_HOST_dev=${host} mc ls -r dev/${s3.bucket}`,
    '',
    'An EDC provider (0.2 to 0.15) with its management key set to the key above gets results by:',
    '  provisioner.http.entries.jobs.provisioner.type=provider',
    `  provisioner.http.entries.jobs.endpoint=${connector.provisionUrl}`,
    '  provisioner.http.entries.jobs.data.address.type=HttpProvision',
    'and an asset "seattle-weather" whose data address has that type.',
    '',
    'Ctrl-C ends it all.',
  ];
}
