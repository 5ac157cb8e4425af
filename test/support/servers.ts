import { startEmbeddedServers } from '../../src/demo/embedded-servers.ts';

/** A cluster and a store, wherever they come from. */
export interface Servers {
  /** Path. */
  kubeconfig: string;
  s3: {
    endpoint: string;
    /** As pods reach it. */
    podEndpoint: string;
    region: string;
    accessKeyId: string;
    secretAccessKey: string;
  };
  /** How the cluster calls our own image. */
  sidecarImage: string;
  /** True for servers that go away with the test: what is left in them needs no tidying. */
  disposable: boolean;
  stop(): Promise<void>;
}

/**
 * The embedded servers, in this process; or, with `TEST_KUBECONFIG` and `TEST_S3_ENDPOINT` set, those that they name:
 * `TEST_S3_ACCESS_KEY`, `TEST_S3_SECRET_KEY`, and where they differ from the defaults `TEST_S3_REGION`,
 * `TEST_S3_POD_ENDPOINT` and `TEST_SIDECAR_IMAGE`.
 */
export async function startServers(folder: string): Promise<Servers> {
  const { TEST_KUBECONFIG: kubeconfig, TEST_S3_ENDPOINT: endpoint } = process.env;
  if (kubeconfig !== undefined && endpoint !== undefined) return externalServers(kubeconfig, endpoint);
  if (kubeconfig !== undefined || endpoint !== undefined)
    throw new Error('TEST_KUBECONFIG and TEST_S3_ENDPOINT: expected both or none of them');
  const servers = await startEmbeddedServers({ folder });
  return {
    kubeconfig: servers.kubeconfig,
    s3: { ...servers.s3, podEndpoint: servers.s3.endpoint },
    sidecarImage: servers.sidecarImage,
    disposable: true,
    stop: () => servers.stop(),
  };
}

/** For tests that look into the embedded servers themselves. */
export function usesEmbeddedServers(): boolean {
  return process.env['TEST_KUBECONFIG'] === undefined;
}

function externalServers(kubeconfig: string, endpoint: string): Servers {
  const { env } = process;
  return {
    kubeconfig,
    s3: {
      endpoint,
      podEndpoint: env['TEST_S3_POD_ENDPOINT'] ?? endpoint,
      region: env['TEST_S3_REGION'] ?? 'us-east-1',
      accessKeyId: required('TEST_S3_ACCESS_KEY'),
      secretAccessKey: required('TEST_S3_SECRET_KEY'),
    },
    sidecarImage: env['TEST_SIDECAR_IMAGE'] ?? 'edc-job-provisioner:test',
    disposable: false,
    stop: () => Promise.resolve(),
  };
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name}: expected a value beside TEST_KUBECONFIG`);
  return value;
}
