export type ConnectorVersion = '0.10.0' | '0.11.1' | '0.12.0' | '0.15.1';

/** The types of source address for which a provisioner entry of the connector may be configured. */
export type EntryType = 'HttpData' | 'HttpProvision';

/** In what the releases of the connector differ, as far as a provisioner can see it. */
export interface VersionProfile {
  readonly userAgent: string;
  /** Earlier releases do not say whether a request is a provision or a deprovision. */
  readonly namesRequestType: boolean;
  readonly entryType: EntryType;
  readonly managementVersions: readonly string[];
  readonly noDataPlane: string;
  /** The state machine takes a provisioned process on before a second callback can be applied. */
  readonly startsAtOnce: boolean;
  /** Earlier releases deprovision only what has the address type of the entry. */
  readonly deprovisionsAnyType: boolean;
  /** Earlier releases wait for a deprovision callback with an id that nobody knows. */
  readonly deprovisionNeedsNoCallback: boolean;
  /** Earlier releases forget the resources of a transfer that the consumer has terminated. */
  readonly deprovisionsAfterConsumer: boolean;
}

const first: VersionProfile = {
  userAgent: 'okhttp/4.12.0',
  namesRequestType: false,
  entryType: 'HttpData',
  managementVersions: ['v2', 'v3'],
  noDataPlane: 'DataPlane not found',
  startsAtOnce: false,
  deprovisionsAnyType: false,
  deprovisionNeedsNoCallback: false,
  deprovisionsAfterConsumer: false,
};

const typed: VersionProfile = {
  ...first,
  namesRequestType: true,
  entryType: 'HttpProvision',
  managementVersions: ['v3'],
  deprovisionsAnyType: true,
  deprovisionNeedsNoCallback: true,
};

export const versionProfiles: Readonly<Record<ConnectorVersion, VersionProfile>> = {
  '0.10.0': first,
  '0.11.1': typed,
  '0.12.0': { ...typed, deprovisionsAfterConsumer: true },
  '0.15.1': {
    ...typed,
    userAgent: 'okhttp/5.3.2',
    noDataPlane: 'No dataplane found',
    startsAtOnce: true,
    deprovisionsAfterConsumer: true,
  },
};
