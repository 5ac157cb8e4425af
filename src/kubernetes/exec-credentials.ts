import { dirname, isAbsolute, resolve } from 'node:path';
import type { Cluster } from '@kubernetes/client-node';
import { processEnvironment } from '../config/config.ts';
import { runExecProgram, unavailable, type ExecProgram } from './exec-program.ts';

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
  /** From memory until shortly before its expiry; one run of the program serves all who ask meanwhile. Throws `cluster-unavailable`. */
  current(): Promise<ExecCredential>;
  /** The API server answered 401 to it. */
  refused(credential: ExecCredential): void;
  /** Kills a program that still runs. */
  close(): void;
}

export interface ExecOptions {
  run: (deadline: AbortSignal) => Promise<string>;
  /** For one run. */
  timeoutMillis?: number;
  /** Milliseconds since the epoch. */
  now?: () => number;
  /** Milliseconds of a clock that nobody sets: for pauses. */
  monotonic?: () => number;
}

/** A login that waits for a slow identity provider takes some seconds. */
const patienceMillis = 30_000;
/** Renewed this long before the expiry, or a fifth of its life before if that is less. */
const marginMillis = 60_000;
/** Between two runs, where what the program gives is expired or refused at once, and after one that failed. */
const pauseMillis = 5000;

interface Kept {
  credential: ExecCredential;
  renewAt: number;
}

export function openExecCredentials({
  run,
  timeoutMillis = patienceMillis,
  now = Date.now,
  monotonic = () => performance.now(),
}: ExecOptions): ExecCredentials {
  let deadline: AbortController | undefined;
  let kept: Kept | undefined;
  let failure: { error: unknown; until: number } | undefined;
  let running: Promise<ExecCredential> | undefined;
  let forcedAt = -Infinity;

  async function renew(): Promise<ExecCredential> {
    try {
      deadline = new AbortController();
      const credential = readCredential(await runInTime(run, deadline, timeoutMillis));
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
        // A renewal comes early, so that one that fails does no harm yet.
        return usable() ?? rethrow(error);
      }
    },
    refused(credential) {
      // Answers to an older one still come in; and one that is new and refused is no reason to run the program for each request.
      if (kept?.credential !== credential || monotonic() - forcedAt < pauseMillis) return;
      forcedAt = monotonic();
      kept = undefined;
    },
    close() {
      deadline?.abort(new Error('the service stops'));
    },
  };
}

async function runInTime(
  run: ExecOptions['run'],
  deadline: AbortController,
  timeoutMillis: number,
): Promise<string> {
  const timer = setTimeout(() => {
    deadline.abort(new Error(`no answer within ${timeoutMillis} ms`));
  }, timeoutMillis);
  try {
    return await run(deadline.signal);
  } finally {
    clearTimeout(timer);
  }
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

/** client.authentication.k8s.io, v1 and v1beta1. No message shows what was read: it may hold a token. */
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

/** The program with its arguments and environment; `kubeconfig`: its path, which a relative command starts from. */
export function readExecProgram(
  exec: ExecSettings,
  cluster: Cluster | null,
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

/** What kubectl tells such programs, too: which version of the answer is wanted, and that nobody is there to type a password. */
function describeCaller({ apiVersion, provideClusterInfo }: ExecSettings, cluster: Cluster | null): string {
  const about = {
    server: cluster?.server,
    'tls-server-name': cluster?.tlsServerName,
    'insecure-skip-tls-verify': cluster?.skipTLSVerify,
    'certificate-authority-data': cluster?.caData,
  };
  return JSON.stringify({
    apiVersion: apiVersion ?? 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    spec: { interactive: false, ...(provideClusterInfo === true ? { cluster: about } : {}) },
  });
}

export function execProgramRunner(program: ExecProgram): ExecOptions['run'] {
  return (deadline) => runExecProgram(program, deadline);
}
