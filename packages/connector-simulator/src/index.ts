export { startConnectorSimulator } from './connector-simulator.ts';
export type { ConnectorSimulator, SimulatorOptions } from './connector-simulator.ts';
export { readDataAddress } from './data-address.ts';
export type { DataAddress } from './data-address.ts';
export type { Fault } from './faults.ts';
export type { Exchange, SimulatorEvent } from './journal.ts';
export { isTerminable } from './transfer-process.ts';
export type { TransferProcess } from './transfer-process.ts';
export { versionProfiles } from './versions.ts';
export type { ConnectorVersion } from './versions.ts';
export type { EndpointAddress } from './signaling/endpoint-address.ts';
export { startHttpSink } from './signaling/http-sink.ts';
export type { HttpSink, SinkFault, Upload } from './signaling/http-sink.ts';
export type { SignalingRelease } from './signaling/releases.ts';
export { startSignalingSimulator } from './signaling/signaling-simulator.ts';
export type {
  SignalingEvent,
  SignalingExchange,
  SignalingOptions,
  SignalingSimulator,
} from './signaling/signaling-simulator.ts';
export type { SignalingMessage, SignalingTransfer } from './signaling/signaling-transfer.ts';
