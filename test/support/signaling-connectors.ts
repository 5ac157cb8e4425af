import { randomBytes } from 'node:crypto';
import { startSignalingSimulator, type SignalingOptions, type SignalingSimulator } from 'connector-simulator';
import type { Settings } from './settings.ts';

export interface SignalingConnectorOptions extends Omit<SignalingOptions, 'managementKey'> {
  name: string;
  /** Members of its entry in the service's settings. */
  settings?: Settings;
  /** The service may use its management API. */
  managed?: boolean;
  /** Of its management API; default: a random one. */
  key?: string;
}

/** A control plane of a world: its simulator, and the service's settings for it. */
export interface SignalingEntry {
  simulator: SignalingSimulator;
  token: string;
  key: string;
  settings: Settings;
}

export async function startSignalingConnectors(
  wanted: readonly SignalingConnectorOptions[],
  stack: AsyncDisposableStack,
): Promise<Map<string, SignalingEntry>> {
  const connectors = new Map<string, SignalingEntry>();
  for (const { name, settings, managed = false, key = randomSecret(), ...options } of wanted) {
    const token = randomSecret();
    const simulator = await startSignalingSimulator({
      // EDC gives up after some seconds, in which a service on a starved machine is not started again.
      retryDelaysMillis: [0, 0, ...Array<number>(100).fill(500)],
      ...options,
      managementKey: key,
    });
    stack.defer(() => simulator.stop());
    const { callbackAddress: callbackPrefix, managementUrl } = simulator;
    const entry = { name, dialect: 'signaling', callbackPrefix, ...(managed ? { managementUrl } : {}) };
    connectors.set(name, { simulator, token, key, settings: { ...entry, ...settings } });
  }
  return connectors;
}

function randomSecret(): string {
  return randomBytes(24).toString('hex');
}

/** The transfer types that the service is registered with. */
export const transferTypes = ['HttpData-PULL', 'HttpData-PUSH'];
