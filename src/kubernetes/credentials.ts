import { HttpMethod, RequestContext, type KubeConfig } from '@kubernetes/client-node';
import { messageOf, ServiceError } from '../errors.ts';
import { openTokenFile } from './token-file.ts';

type Headers = Record<string, string>;

/** What every request to the API server carries to say who asks. */
export interface Credentials {
  headers(): Promise<Headers>;
  /** The API server answered 401 to these. */
  refused(headers: Headers): void;
}

/**
 * The library's own, but for a token in a file: it keeps one for a minute even after a 401. `tokenFile` is the path that a
 * kubeconfig's user names, which the library does not know; the token of a pod is found by itself.
 */
export function createCredentials(kubeConfig: KubeConfig, tokenFile: string | undefined): Credentials {
  const user = kubeConfig.getCurrentUser();
  const path = tokenFile ?? podTokenFile(user?.authProvider);
  if (path !== undefined) return fromTokenFile(path, user?.impersonateUser);
  const changes = Boolean(user?.exec ?? user?.authProvider);
  let constant: Headers | undefined;
  return {
    headers: async () =>
      changes ? await askLibrary(kubeConfig) : (constant ??= await askLibrary(kubeConfig)),
    refused: () => undefined,
  };
}

function podTokenFile(provider: unknown): string | undefined {
  const { config } = (provider ?? {}) as { config?: { tokenFile?: string } };
  return config?.tokenFile;
}

function fromTokenFile(path: string, impersonated: string | null | undefined): Credentials {
  const file = openTokenFile(path);
  const others: Headers = impersonated ? { 'Impersonate-User': impersonated } : {};
  return {
    headers: async () => ({ ...others, Authorization: `Bearer ${await file.token()}` }),
    refused: ({ Authorization = '' }) => {
      file.refused(Authorization.replace('Bearer ', ''));
    },
  };
}

async function askLibrary(kubeConfig: KubeConfig): Promise<Headers> {
  const context = new RequestContext(kubeConfig.getCurrentCluster()?.server ?? '', HttpMethod.GET);
  try {
    await kubeConfig.applySecurityAuthentication(context);
  } catch (cause) {
    throw new ServiceError(
      'cluster-unavailable',
      `Credentials for the cluster could not be read: ${messageOf(cause)}`,
      { cause },
    );
  }
  return context.getHeaders();
}
