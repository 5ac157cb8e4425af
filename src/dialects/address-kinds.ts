import type { ConnectorConfig } from '../config/config.ts';
import type { DataAddressKind } from '../flow/flow-plan.ts';

/** For each kind of data address, whether a dialect's messages can carry it so that its connectors can use it. */
export type AddressKinds<Connector> = Readonly<Record<DataAddressKind, Carriage<Connector>>>;

type Carriage<Connector> =
  | 'carried'
  | {
      /** Why not, as the end of a sentence that begins with "since". */
      obstacle: string;
      /** Connectors that can use it all the same. Default: none. */
      unless?(connector: Connector): boolean;
    };

/** Undefined if the connector can use addresses of this kind. */
export function obstacleTo<Connector extends ConnectorConfig>(
  kind: DataAddressKind,
  kinds: AddressKinds<Connector>,
  connector: Connector,
): string | undefined {
  const carriage = kinds[kind];
  if (carriage === 'carried' || carriage.unless?.(connector) === true) return undefined;
  return carriage.obstacle;
}

export function carriedKinds<Connector extends ConnectorConfig>(
  kinds: AddressKinds<Connector>,
  connector: Connector,
): DataAddressKind[] {
  const all = Object.keys(kinds) as DataAddressKind[];
  return all.filter((kind) => obstacleTo(kind, kinds, connector) === undefined);
}
