import type { ConnectorVersion, SignalingRelease } from 'connector-simulator';
import type { SignalingConnectorOptions } from '../signaling-connectors.ts';
import type { ConnectorOptions } from '../start-world.ts';
import { consumerPulls } from './consumer.ts';
import { consumerPushes } from './consumer-push.ts';
import { providerPulls, providerPushes } from './provider.ts';
import { provisionerTransfers } from './provisioner.ts';
import type { Scenario } from './scenarios.ts';
import { nothing, type StartTransfer, type Told } from './transfer.ts';

/** One way in which a release of a connector asks for data: a row of the table. */
export interface Generation {
  title: string;
  release: string;
  /** What the contract does not have, and the release that shows it. */
  impossible: Partial<Record<Scenario, string>>;
  told: { success: Told; failure: Told };
  /** What a failure is called in the connector. */
  failure: RegExp;
  /** Whether results stay for the template's `retention`, since no message says that they may go. */
  keepsResults: { success: boolean; failure: boolean };
  /** Scenarios that are played unless `TEST_GENERATIONS=all`: those in which the release differs from the last one of its kind. */
  sampled: 'all' | readonly Scenario[];
  start: StartTransfer;
}

const controlPlanes = ['0.10.0', '0.11.1', '0.12.0', '0.15.1'] as const satisfies ConnectorVersion[];
const dataPlanes = ['0.15.1-data-plane', '0.17.0', '0.18.0'] as const satisfies ConnectorVersion[];
const signalingReleases = ['0.18.0-signaling', 'rc3-signaling'] as const satisfies SignalingRelease[];

/** The connectors of a world in which every generation can be played. */
export const connectors: readonly ConnectorOptions[] = [
  ...controlPlanes.map((version) => ({ name: `control-plane-${nameOf(version)}`, version })),
  ...dataPlanes.map((version) => ({
    name: `data-plane-${nameOf(version)}`,
    version,
    requestRetryMillis: 50,
    settings: { dialect: 'data-plane' },
    asked: true,
  })),
];

export const signaling: readonly SignalingConnectorOptions[] = signalingReleases.flatMap((release) =>
  (['provider', 'consumer'] as const).map((side) => ({ name: `${side}-${nameOf(release)}`, side, release })),
);

/** Provisions and deprovisions look alike. */
const untyped: readonly Scenario[] = ['success', 'repeat', 'deprovision'];

const noSuspension = 'the requests are `provision` and `deprovision`, and there is none for a suspension';

function controlPlane(version: (typeof controlPlanes)[number]): Generation {
  const name = `control-plane-${nameOf(version)}`;
  return {
    title: 'control plane',
    release: version,
    impossible: {
      suspension: `EDC 0.10.0 to 0.15.1: ${noSuspension}`,
    },
    told: { success: { ...nothing, ready: 1 }, failure: { ...nothing, failed: 1 } },
    failure: /^worker-failed: /,
    keepsResults: { success: false, failure: true },
    sampled: version === '0.15.1' ? 'all' : version === '0.10.0' ? untyped : ['success'],
    start: provisionerTransfers({ name, dialect: 'control-plane' }),
  };
}

function dataPlane(version: (typeof dataPlanes)[number]): Generation {
  const name = `data-plane-${nameOf(version)}`;
  return {
    title: 'data plane',
    release: version.replace('-data-plane', ''),
    impossible: {
      suspension: `EDC 0.15.1 to 0.18.0: ${noSuspension}`,
    },
    told: {
      success: { ...nothing, ready: 1, confirmed: 1 },
      failure: { ...nothing, failed: 1, confirmed: 1 },
    },
    failure: /410 - worker-failed/,
    keepsResults: { success: false, failure: false },
    sampled: version === '0.18.0' ? 'all' : ['success'],
    start: provisionerTransfers({ name, dialect: 'data-plane' }),
  };
}

const completedIsLast =
  'v1.0-RC3, EDC 0.18.0: no message follows `completed`; the results stay for their retention';

function provider(mode: 'pull' | 'push', release: SignalingRelease): Generation {
  const name = `provider-${nameOf(release)}`;
  const ready = { ...nothing, ready: 1 };
  return {
    title: `signaling, provider ${mode}`,
    release: releaseOf(release),
    impossible: mode === 'pull' ? {} : { deprovision: completedIsLast },
    told: {
      success: mode === 'pull' ? ready : { ...ready, completed: 1 },
      failure: { ...nothing, failed: 1 },
    },
    failure: /^worker-failed: /,
    keepsResults: { success: true, failure: false },
    sampled: sampledOf(release),
    start: mode === 'pull' ? providerPulls(name) : providerPushes(name),
  };
}

const workOfProvider = 'v1.0-RC3: the work is that of the provider, whose failure comes as `terminate`';

function consumer(mode: 'pull' | 'push', release: SignalingRelease): Generation {
  const name = `consumer-${nameOf(release)}`;
  const impossible = { deprovision: completedIsLast };
  return {
    title: `signaling, consumer ${mode}`,
    release: releaseOf(release),
    impossible: mode === 'pull' ? impossible : { ...impossible, failure: workOfProvider },
    told: {
      success: mode === 'pull' ? { ...nothing, completed: 1 } : nothing,
      failure: { ...nothing, failed: 1 },
    },
    failure: /^fetch-failed: the provider answered 403$/,
    keepsResults: { success: true, failure: false },
    sampled: sampledOf(release),
    start: mode === 'pull' ? consumerPulls(name) : consumerPushes(name),
  };
}

export const generations: readonly Generation[] = [
  ...controlPlanes.map(controlPlane),
  ...dataPlanes.map(dataPlane),
  ...signalingReleases.map((release) => provider('pull', release)),
  ...signalingReleases.map((release) => provider('push', release)),
  ...signalingReleases.map((release) => consumer('pull', release)),
  ...signalingReleases.map((release) => consumer('push', release)),
];

/** Releases differ in the names of the members of the first message. */
function sampledOf(release: SignalingRelease): Generation['sampled'] {
  return release === 'rc3-signaling' ? ['success'] : 'all';
}

function releaseOf(release: SignalingRelease): string {
  return release === 'rc3-signaling' ? 'v1.0-RC3' : release.replace('-signaling', '');
}

function nameOf(release: string): string {
  return release.replaceAll('.', '-');
}
