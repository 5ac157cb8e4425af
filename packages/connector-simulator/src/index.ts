export { startConnectorSimulator } from './connector-simulator.ts';
export type { ConnectorSimulator, SimulatorOptions } from './connector-simulator.ts';
export { readDataAddress } from './data-address.ts';
export type { Fault } from './faults.ts';
export type { Exchange, SimulatorEvent } from './journal.ts';
export { isTerminable } from './transfer-process.ts';
export type { TransferProcess } from './transfer-process.ts';
export { versionProfiles } from './versions.ts';
export type { ConnectorVersion } from './versions.ts';
