import { HttpMethod, RequestContext, type KubeConfig, type User } from '@kubernetes/client-node';
import { unavailable } from './errors.ts';
import {
  openExecCredentials,
  readExecProgram,
  type ExecCredential,
  type ExecSettings,
} from './exec-credentials.ts';
import { runExecProgram } from './exec-program.ts';
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

export interface CredentialsSource {
  kubeConfig: KubeConfig;
  /** `tokenFile` of the kubeconfig's user, which the library drops; the token file of a pod is found without it. */
  tokenFile: string | undefined;
  /** Path of the kubeconfig that names the user. */
  kubeconfig: string | undefined;
}

/**
 * The library's credentials, with two exceptions: it keeps a token file's token for a minute even after a 401, and runs a program for
 * each request without a timeout.
 */
export function createCredentials({ kubeConfig, tokenFile, kubeconfig }: CredentialsSource): Credentials {
  const user = kubeConfig.getCurrentUser();
  const path = tokenFile ?? podTokenFile(user?.authProvider);
  if (path !== undefined) return fromTokenFile(path, user?.impersonateUser);
  const exec = execOf(user);
  if (exec !== undefined) {
    const program = readExecProgram(exec, kubeConfig.getCurrentCluster(), kubeconfig);
    const source = openExecCredentials({ run: (deadline) => runExecProgram(program, deadline) });
    return fromProgram(source, user?.impersonateUser);
  }
  return fromLibrary(kubeConfig, Boolean(user?.authProvider));
}

function fromLibrary(kubeConfig: KubeConfig, changes: boolean): Credentials {
  let constant: Headers | undefined;
  return {
    current: async () => ({
      headers: changes ? await askLibrary(kubeConfig) : (constant ??= await askLibrary(kubeConfig)),
    }),
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
function execOf(user: User | null): ExecSettings | undefined {
  const { config } = (user?.authProvider ?? {}) as { config?: { exec?: unknown } };
  return (user?.exec ?? config?.exec) as ExecSettings | undefined;
}

function podTokenFile(provider: unknown): string | undefined {
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

async function askLibrary(kubeConfig: KubeConfig): Promise<Headers> {
  const context = new RequestContext(kubeConfig.getCurrentCluster()?.server ?? '', HttpMethod.GET);
  try {
    await kubeConfig.applySecurityAuthentication(context);
  } catch (cause) {
    throw unavailable('Credentials for the cluster could not be read', cause);
  }
  return context.getHeaders();
}
