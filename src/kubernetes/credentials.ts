import type { Cluster, User } from '@kubernetes/client-node';
import { unavailable } from './errors.ts';
import {
  openExecCredentials,
  readExecProgram,
  type ExecCredential,
  type ExecSettings,
} from './exec-credentials.ts';
import { runExecProgram } from './exec-program.ts';
import type { ClusterUser } from './load-kube-config.ts';
import { openTokenFile } from './token-file.ts';

type Headers = Record<string, string>;

/** The credentials of one request. */
export interface Identity {
  headers: Headers;
  /** For the connection. Undefined: the kubeconfig's, if it has one. */
  certificate?: { cert: string; key: string } | undefined;
}

export interface Credentials {
  current(): Promise<Identity>;
  /** Call it when the API server has answered 401 to this identity. */
  refused(identity: Identity): void;
  close(): void;
}

/**
 * Only an `auth-provider` (OIDC) gets its credentials from the library, which is loaded for it alone: the library takes 50 MiB of memory,
 * keeps a token file's token for a minute even after a 401, and runs a program for each request without a timeout.
 */
export function createCredentials({ cluster, user }: ClusterUser): Credentials {
  if (user === undefined) return fromKubeConfig(cluster, user);
  const path = user.tokenFile ?? readTokenFile(user.authProvider);
  if (path !== undefined) return fromTokenFile(path, user.impersonateUser);
  const exec = execOf(user);
  if (exec !== undefined) {
    const program = readExecProgram(exec, cluster, user.file);
    const source = openExecCredentials({ run: (deadline) => runExecProgram(program, deadline) });
    return fromProgram(source, user.impersonateUser);
  }
  return user.authProvider ? fromLibrary(cluster, user) : fromKubeConfig(cluster, user);
}

/** Token, or name and password, in the kubeconfig itself. */
function fromKubeConfig({ server, skipTLSVerify }: Cluster, user: User | undefined): Credentials {
  const identity = { headers: { ...impersonation(user?.impersonateUser), ...authorization(user) } };
  const isOpen = server.startsWith('http:') && !skipTLSVerify;
  return {
    async current() {
      if (isOpen)
        throw unavailable(
          `${server} is not encrypted, and its cluster has no insecure-skip-tls-verify: true`,
        );
      return Promise.resolve(identity);
    },
    refused: () => undefined,
    close: () => undefined,
  };
}

function authorization({ token, username, password = '' }: Partial<User> = {}): Headers {
  if (token) return { Authorization: `Bearer ${token}` };
  if (!username) return {};
  return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

function fromLibrary(cluster: Cluster, user: User): Credentials {
  let library: ReturnType<typeof openLibrary> | undefined;
  return {
    async current() {
      library ??= openLibrary(cluster, user);
      return { headers: await (await library)() };
    },
    refused: () => undefined,
    close: () => undefined,
  };
}

function fromProgram(
  source: ReturnType<typeof openExecCredentials>,
  impersonated: string | null | undefined,
): Credentials {
  const others = impersonation(impersonated);
  const given = new WeakMap<Identity, ExecCredential>();
  return {
    async current() {
      const credential = await source.current();
      const { token, certificate } = credential;
      const headers = { ...others, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
      const identity: Identity = { headers, certificate };
      given.set(identity, credential);
      return identity;
    },
    refused(identity) {
      const credential = given.get(identity);
      if (credential !== undefined) source.refused(credential);
    },
    close: () => {
      source.close();
    },
  };
}

function impersonation(user: string | null | undefined): Headers {
  return user ? { 'Impersonate-User': user } : {};
}

/** Reads `exec` where kubeconfigs have it, or where they had it before Kubernetes 1.10. */
function execOf(user: User): ExecSettings | undefined {
  const { config } = (user.authProvider ?? {}) as { config?: { exec?: unknown } };
  return (user.exec ?? config?.exec) as ExecSettings | undefined;
}

function readTokenFile(provider: unknown): string | undefined {
  const { config } = (provider ?? {}) as { config?: { tokenFile?: string } };
  return config?.tokenFile;
}

function fromTokenFile(path: string, impersonated: string | null | undefined): Credentials {
  const file = openTokenFile(path);
  const others = impersonation(impersonated);
  return {
    current: async () => ({ headers: { ...others, Authorization: `Bearer ${await file.token()}` } }),
    refused: ({ headers: { Authorization = '' } }) => {
      file.refused(Authorization.replace('Bearer ', ''));
    },
    close: () => undefined,
  };
}

async function openLibrary(cluster: Cluster, user: User): Promise<() => Promise<Headers>> {
  const { HttpMethod, KubeConfig, RequestContext } = await import('@kubernetes/client-node');
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(cluster, user);
  return async () => {
    const context = new RequestContext(cluster.server, HttpMethod.GET);
    try {
      await kubeConfig.applySecurityAuthentication(context);
    } catch (cause) {
      throw unavailable('Credentials for the cluster could not be read', cause);
    }
    return context.getHeaders();
  };
}
