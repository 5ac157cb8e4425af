import { dirname, isAbsolute, resolve } from 'node:path';
import type { Cluster } from '@kubernetes/client-node';
import { processEnvironment } from '../config/config.ts';
import { boundSignal } from '../until-aborted.ts';
import { unavailable } from './errors.ts';
import type { ExecProgram } from './exec-program.ts';

/** The member `exec` of a kubeconfig's user. */
export interface ExecSettings {
  apiVersion?: string;
  command: string;
  args?: string[] | null;
  env?: { name: string; value: string }[] | null;
  installHint?: string;
  provideClusterInfo?: boolean;
}

export interface ExecCredential {
  token: string | undefined;
  /** PEM. */
  certificate: { cert: string; key: string } | undefined;
  /** Milliseconds since the epoch; Infinity: until it is refused. */
  expiresAt: number;
}

export interface ExecCredentials {
  /** From memory until shortly before the expiry; calls at the same time share one run of the program. Throws `cluster-unavailable`. */
  current(): Promise<ExecCredential>;
  /** Call it when the API server has answered 401 to this credential. */
  refused(credential: ExecCredential): void;
  /** Kills a program that is still running. */
  close(): void;
}

export interface ExecOptions {
  run: (deadline: AbortSignal) => Promise<string>;
  /** Timeout for one run. */
  timeoutMillis?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Milliseconds of a monotonic clock, for pauses. */
  monotonic?: () => number;
}

/** A login at a slow identity provider takes some seconds. */
const runTimeoutMillis = 30_000;
/** Renewed this long before the expiry, or a fifth of its life before if that is less. */
const marginMillis = 60_000;
/** Between two runs if the credential is expired or refused at once, and after a run that failed. */
const pauseMillis = 5000;

interface Kept {
  credential: ExecCredential;
  renewAt: number;
}

export function openExecCredentials({
  run,
  timeoutMillis = runTimeoutMillis,
  now = Date.now,
  monotonic = () => performance.now(),
}: ExecOptions): ExecCredentials {
  const closed = new AbortController();
  let kept: Kept | undefined;
  let failure: { error: unknown; until: number } | undefined;
  let running: Promise<ExecCredential> | undefined;
  let forcedAt = -Infinity;

  async function renew(): Promise<ExecCredential> {
    try {
      using bounded = boundSignal(closed.signal, timeoutMillis);
      const credential = readCredential(await run(bounded.signal));
      kept = { credential, renewAt: renewalOf(credential, now()) };
      failure = undefined;
      return credential;
    } catch (error) {
      failure = { error, until: monotonic() + pauseMillis };
      throw error;
    }
  }
  function usable(): ExecCredential | undefined {
    return kept !== undefined && now() < kept.credential.expiresAt ? kept.credential : undefined;
  }
  return {
    async current() {
      if (kept !== undefined && now() < kept.renewAt) return kept.credential;
      if (failure !== undefined && monotonic() < failure.until) return usable() ?? rethrow(failure.error);
      running ??= renew().finally(() => (running = undefined));
      try {
        return await running;
      } catch (error) {
        // Renewals run early, so that the current credential is usually still valid.
        return usable() ?? rethrow(error);
      }
    },
    refused(credential) {
      // Answers to an older credential still come in, and a new one that is refused must not run the program for each request.
      if (kept?.credential !== credential || monotonic() - forcedAt < pauseMillis) return;
      forcedAt = monotonic();
      kept = undefined;
    },
    close() {
      closed.abort(new Error('the service stops'));
    },
  };
}

function rethrow(error: unknown): never {
  throw error;
}

function renewalOf({ expiresAt }: ExecCredential, now: number): number {
  if (expiresAt === Infinity) return Infinity;
  const margin = Math.min(marginMillis, (expiresAt - now) / 5);
  return Math.max(expiresAt - margin, now + pauseMillis);
}

interface Answer {
  kind?: string;
  status?: {
    token?: string;
    clientCertificateData?: string;
    clientKeyData?: string;
    expirationTimestamp?: string;
  } | null;
}

/** client.authentication.k8s.io, v1 and v1beta1. Messages do not show what was read: it may hold a token. */
function readCredential(text: string): ExecCredential {
  const { kind, status } = parse(text);
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status ?? {};
  const certificate = cert !== undefined && key !== undefined ? { cert, key } : undefined;
  if (kind !== 'ExecCredential' || (!token && certificate === undefined)) {
    throw unreadable(
      'expected kind ExecCredential with status.token, or status.clientCertificateData and clientKeyData',
    );
  }
  const expiresAt = expirationTimestamp === undefined ? Infinity : Date.parse(expirationTimestamp);
  if (Number.isNaN(expiresAt)) throw unreadable('status.expirationTimestamp is no RFC 3339 time');
  return { token, certificate, expiresAt };
}

function parse(text: string): Answer {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    throw unreadable('it is not JSON');
  }
}

function unreadable(why: string): Error {
  return unavailable(
    `What the kubeconfig's program (users[].user.exec) printed are no credentials: ${why}. Run it by hand and compare with its manual.`,
  );
}

/** The program with its arguments and environment. A relative command starts from the folder of `kubeconfig`, a path. */
export function readExecProgram(
  exec: ExecSettings,
  cluster: Cluster,
  kubeconfig: string | undefined,
): ExecProgram {
  const { command, args, env, installHint } = exec;
  const isPath = /[\\/]/.test(command) && !isAbsolute(command);
  const own = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  return {
    command: isPath && kubeconfig !== undefined ? resolve(dirname(kubeconfig), command) : command,
    args: args ?? [],
    env: { ...processEnvironment(), KUBERNETES_EXEC_INFO: describeCaller(exec, cluster), ...own },
    installHint,
  };
}

/** As kubectl does: the version of the answer, and that nobody can type a password. */
function describeCaller({ apiVersion, provideClusterInfo }: ExecSettings, cluster: Cluster): string {
  const about = {
    server: cluster.server,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify,
    'certificate-authority-data': cluster.caData,
  };
  return JSON.stringify({
    apiVersion: apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, ...(provideClusterInfo === true ? { cluster: about } : {}) },
  });
}
