import { isServiceError, messageOf } from '../../../errors.ts';
import { managedBy, managedByLabel } from '../../../flow/labels.ts';
import { shortHash } from '../../../flow/names.ts';
import { addIfMissing, listAll, type ResourceClient } from '../../../kubernetes/resource-client.ts';
import type { Secret } from '../../../kubernetes/types.ts';
import type { Logger } from '../../../log.ts';
import { untilAborted } from '../../../until-aborted.ts';
import type { ControlPlane } from '../authorization/control-plane.ts';
import { buildControlPlaneBody, readRegistration } from './control-plane-schema.ts';

/** The control planes that have registered themselves, by connector, for all replicas. */
export interface ControlPlaneStore {
  /** Those of the connector, at most some seconds old. */
  list(connector: string, signal: AbortSignal): Promise<readonly ControlPlane[]>;
  /** Replaces a registration with the same id. */
  put(connector: string, controlPlane: ControlPlane, signal: AbortSignal): Promise<void>;
  /** False if there is none with this id. */
  remove(connector: string, id: string, signal: AbortSignal): Promise<boolean>;
}

export interface StoreOptions {
  secrets: Pick<ResourceClient<Secret>, 'add' | 'list' | 'patch' | 'delete'>;
  log: Logger;
  /** Aborts when the service stops. */
  stopping: AbortSignal;
  /** How long another replica's change may go unnoticed. */
  freshMillis?: number;
  /** A clock that never goes back, in milliseconds. */
  monotonic?: () => number;
}

/** On the Secrets: the connector's name. */
const label = 'edc-job-provisioner/control-plane-of';
const member = 'registration';

interface Listed {
  /** Of a list that is under way, when it started. */
  at: number;
  found: Promise<readonly ControlPlane[]>;
}

/**
 * Each registration is a Secret in the Jobs' namespace, since it contains the secret of an OAuth2 client and the cluster is the only store.
 * The name is computed, so that two replicas that get the same registration write one object. The last write wins.
 */
export function createControlPlaneStore(options: StoreOptions): ControlPlaneStore {
  const { secrets, stopping, freshMillis = 5000, monotonic = () => performance.now() } = options;
  // One entry for each configured connector.
  const listed = new Map<string, Listed>();
  function startList(connector: string): Listed {
    const started = { at: monotonic(), found: readAll(options, connector, stopping) };
    listed.set(connector, started);
    // A failure is not kept.
    started.found.catch(() => {
      if (listed.get(connector) === started) listed.delete(connector);
    });
    return started;
  }
  return {
    async list(connector, signal) {
      const known = listed.get(connector);
      const { found } =
        known !== undefined && monotonic() - known.at < freshMillis ? known : startList(connector);
      return await untilAborted(found, signal);
    },
    async put(connector, controlPlane, signal) {
      await write(secrets, buildSecret(connector, controlPlane), signal);
      listed.delete(connector);
    },
    async remove(connector, id, signal) {
      const deleted = await secrets.delete(nameOf(connector, id), {}, signal);
      listed.delete(connector);
      return deleted !== undefined;
    },
  };
}

/** Enough: each retry means that the registration was deleted between two requests of this one. */
const attempts = 3;

async function write(secrets: StoreOptions['secrets'], secret: Secret, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    if (await addIfMissing(secrets, secret, signal)) return;
    try {
      await secrets.patch(secret.metadata?.name ?? '', { data: secret.data }, signal);
      return;
    } catch (error) {
      if (!isServiceError(error, 'cluster-not-found') || attempt === attempts) throw error;
    }
  }
}

function nameOf(connector: string, id: string): string {
  return `control-plane-${shortHash(JSON.stringify([connector, id]))}`;
}

function buildSecret(connector: string, controlPlane: ControlPlane): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    metadata: {
      name: nameOf(connector, controlPlane.id),
      labels: { [managedByLabel]: managedBy, [label]: connector },
    },
    data: { [member]: Buffer.from(JSON.stringify(buildControlPlaneBody(controlPlane))).toString('base64') },
  };
}

/** A Secret that was damaged by hand concerns its own control plane alone. */
async function readAll(
  { secrets, log }: Pick<StoreOptions, 'secrets' | 'log'>,
  connector: string,
  signal: AbortSignal,
): Promise<readonly ControlPlane[]> {
  const found: ControlPlane[] = [];
  for await (const secret of listAll(secrets, `${label}=${connector}`, signal)) {
    try {
      found.push(readSecret(secret));
    } catch (error) {
      const problem = messageOf(error);
      log.warn(
        { connector, secret: secret.metadata?.name, problem },
        'registration of a control plane not readable',
      );
    }
  }
  return found;
}

function readSecret({ data }: Secret): ControlPlane {
  return readRegistration(JSON.parse(Buffer.from(data?.[member] ?? '', 'base64').toString('utf8')) as object);
}
