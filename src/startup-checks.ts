import { setTimeout as sleep } from 'node:timers/promises';
import { backOffMillis, type BackOff } from './back-off.ts';
import { isServiceError, messageOf, ServiceError } from './errors.ts';
import { attemptPrefix } from './flow/keys.ts';
import type { Cluster } from './kubernetes/cluster.ts';
import { describeRights } from './kubernetes/rights.ts';
import type { Logger } from './log.ts';
import type { ObjectStore } from './storage/object-store.ts';
import type { CredentialMinter } from './storage/mint-credentials.ts';
import type { ReadAccess } from './storage/read-access.ts';
import type { Template } from './template/template.ts';
import { withinDeadline } from './until-aborted.ts';

/** A condition that must hold for flows to succeed. */
export interface StartupCheck {
  name: string;
  /** Resolves with fields for the log; throws if the condition does not hold. */
  run(signal: AbortSignal): Promise<Record<string, unknown>>;
  /** Action for the operator after this error. */
  advice: (error: unknown) => string;
}

export interface StartupChecks {
  /** Errors of the checks that failed when they last ran, by name. */
  failed(): ReadonlyMap<string, unknown>;
  /** Resolves when every check has passed, or the signal aborts. */
  ended: Promise<void>;
}

export interface StartupCheckOptions {
  log: Logger;
  /** Deadline of one run of one check. */
  deadlineMillis: number;
  /** Pauses after a check that failed. */
  backoff: BackOff;
}

/**
 * Logs one line for each check: at the start, and again when its error changes or it passes. Failures are warnings: the service also starts
 * while the cluster or the store is down, and a check that failed is repeated until it passes.
 */
export function startStartupChecks(
  checks: readonly StartupCheck[],
  options: StartupCheckOptions,
  signal: AbortSignal,
): StartupChecks {
  const failed = new Map<string, unknown>();
  const ended = Promise.all(checks.map((check) => repeatUntilPassed({ check, failed, ...options }, signal)));
  return { failed: () => failed, ended: ended.then(() => undefined) };
}

interface Run extends StartupCheckOptions {
  check: StartupCheck;
  failed: Map<string, unknown>;
}

async function repeatUntilPassed(run: Run, signal: AbortSignal): Promise<void> {
  const { check, failed, log, deadlineMillis, backoff } = run;
  let logged: string | undefined;
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      const fields = await withinDeadline((bounded) => check.run(bounded), deadlineMillis, signal);
      failed.delete(check.name);
      log.info({ check: check.name, ...fields }, 'start-up check passed');
      return;
    } catch (error) {
      // The error of a check that the stopping service has aborted is no finding.
      if (isAborted(signal)) return;
      failed.set(check.name, error);
      const problem = messageOf(error);
      if (problem !== logged) log.warn(describeFailure(check, error), 'start-up check failed');
      logged = problem;
    }
    await sleep(backOffMillis(backoff, failures), undefined, { signal }).catch(() => undefined);
  }
}

/** A function, so that the type checker does not take the signal's state for constant. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

function describeFailure({ name, advice }: StartupCheck, error: unknown): Record<string, unknown> {
  const code = isServiceError(error) ? { code: error.code } : {};
  return { check: name, ...code, problem: messageOf(error).slice(0, 500), advice: advice(error) };
}

export interface Checked {
  cluster: Pick<Cluster, 'checkVersion' | 'checkNamespace' | 'findMissingRights'>;
  store: Pick<ObjectStore, 'check'>;
  minter: CredentialMinter;
  readAccess: ReadAccess;
  templates: readonly Pick<Template, 'address'>[];
  config: {
    cluster: { namespace: string };
    store: { bucket: string; credentials: string };
    results: { s3KeySeconds: number };
  };
}

export function buildStartupChecks(checked: Checked): StartupCheck[] {
  return [...clusterChecks(checked), ...storeChecks(checked), ...s3Checks(checked)];
}

function clusterChecks({ cluster, config }: Checked): StartupCheck[] {
  const { namespace } = config.cluster;
  const create = `kubectl create namespace ${namespace}`;
  return [
    {
      name: 'cluster',
      run: async (signal) => ({ version: await cluster.checkVersion(signal) }),
      advice: (error) =>
        isServiceError(error, 'invalid-config')
          ? 'Update the cluster.'
          : 'Check cluster.kubeconfig and cluster.context, that the API server can be reached from here, and its credentials.',
    },
    {
      name: 'namespace',
      run: async (signal) => {
        await cluster.checkNamespace(signal);
        return { namespace };
      },
      advice: (error) =>
        isServiceError(error, 'cluster-not-found')
          ? `Create it (${create}), or correct cluster.namespace.`
          : `It cannot be seen. If it is missing, create it (${create}); if it is there, see the check of the rights.`,
    },
    {
      name: 'rights',
      run: async (signal) => {
        const missing = await cluster.findMissingRights(signal);
        if (missing.length === 0) return { namespace };
        const rights = describeRights(missing);
        throw new ServiceError('forbidden', `missing in the namespace ${namespace}: ${rights}`);
      },
      advice: () =>
        `Apply the Role and the RoleBinding of deploy/base/rbac.yaml in the namespace ${namespace}.`,
    },
  ];
}

function storeChecks({ store, minter, config }: Checked): StartupCheck[] {
  const { bucket, credentials } = config.store;
  function advice(error: unknown): string {
    return adviceOnStore(error, bucket);
  }
  return [
    {
      name: 'bucket',
      run: async (signal) => {
        await store.check(signal);
        return { bucket };
      },
      advice,
    },
    {
      name: 'credentials',
      run: async (signal) => {
        await checkKeys(store, signal);
        // The keys of pods are minted in the same way; no flow has this name.
        await minter.mint({ flow: 'start-up-check' }, signal);
        return { credentials };
      },
      advice,
    },
  ];
}

/** A role may allow the keys of pods, and no longer life for those of addresses. */
function s3Checks({ readAccess, templates, config }: Checked): StartupCheck[] {
  if (templates.every(({ address }) => address !== 's3')) return [];
  const { s3KeySeconds: seconds } = config.results;
  const objects = { prefix: attemptPrefix('start-up-check', 'none') };
  return [
    {
      name: 's3-addresses',
      run: async (signal) => {
        await readAccess.grant({ flow: 'start-up-check', objects, seconds }, signal);
        return { seconds };
      },
      advice: () =>
        'Check that the store has STS AssumeRole, store.sts, and that its role allows sessions of results.s3KeySeconds; or give no template the dataAddress s3.',
    },
  ];
}

/** A missing bucket has its own check, and its error shows that the keys are accepted. */
async function checkKeys(store: Pick<ObjectStore, 'check'>, signal: AbortSignal): Promise<void> {
  try {
    await store.check(signal);
  } catch (error) {
    if (!isServiceError(error, 'bucket-missing')) throw error;
  }
}

/** A refusal may have another code; its message then contains the status. */
function adviceOnStore(error: unknown, bucket: string): string {
  if (isServiceError(error, 'bucket-missing')) return `Create the bucket ${bucket}, or correct store.bucket.`;
  if (isServiceError(error, 'store-refused', 'store-forbidden') || /\b40[0-3]\b/.test(messageOf(error)))
    return `Check STORE_ACCESS_KEY_ID and STORE_SECRET_ACCESS_KEY, their rights in the bucket ${bucket}, store.region, store.sts, and the clock.`;
  return 'Check store.endpoint and store.sts.endpoint, and that they can be reached from here.';
}
