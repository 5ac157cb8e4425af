/** Up to 0.15.1 the control plane provisions, from 0.16 on the data plane; 0.15.1 can do both. */
export type ConnectorVersion =
  '0.10.0' | '0.11.1' | '0.12.0' | '0.15.1' | '0.15.1-data-plane' | '0.17.0' | '0.18.0';

/** The types of source address for which a provisioner entry of the connector may be configured. */
export type EntryType = 'HttpData' | 'HttpProvision';

/** Differences between the connector's releases that a provisioner can see. */
export interface VersionProfile {
  readonly userAgent: string;
  /** Earlier releases do not say whether a request is a provision or a deprovision. */
  readonly namesRequestType: boolean;
  readonly entryType: EntryType;
  readonly managementVersions: readonly string[];
  readonly noDataPlane: string;
  /** A provisioned process moves on before a second callback can be applied. */
  readonly startsAtOnce: boolean;
  /** Earlier releases deprovision only resources with the address type of the entry. */
  readonly deprovisionsAnyType: boolean;
  /** Earlier releases wait for a deprovision callback with an id that the provisioner never gets. */
  readonly deprovisionNeedsNoCallback: boolean;
  /** Earlier releases do not deprovision a transfer that the consumer has terminated. */
  readonly deprovisionsAfterConsumer: boolean;
  /** Absent: the control plane provisions. */
  readonly dataPlane?: DataPlaneProfile;
}

/** Differences between connectors whose data plane provisions. */
export interface DataPlaneProfile {
  /** A callback that overtakes its answer is accepted and lost; later releases refuse it. */
  readonly losesEarlyCallback: boolean;
  /** Earlier releases cannot hand a provisioned address to a consumer that pulls. */
  readonly pulls: boolean;
  /** The consumer gets the provisioned address, also of a push. */
  readonly disclosesAddress: boolean;
  /** Later releases leave the transfer of the control plane COMPLETED. */
  readonly endsDeprovisioned: boolean;
  /** How long a repeated callback delays the other flows. */
  readonly rewindStallMillis: number;
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

const provisioningDataPlane: VersionProfile = {
  ...typed,
  userAgent: 'okhttp/5.3.2',
  deprovisionsAfterConsumer: true,
  noDataPlane: 'TransferService cannot be resolved for DataFlow',
  dataPlane: {
    losesEarlyCallback: false,
    pulls: true,
    disclosesAddress: true,
    endsDeprovisioned: false,
    rewindStallMillis: 15_500,
  },
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
  '0.15.1-data-plane': {
    ...provisioningDataPlane,
    dataPlane: {
      losesEarlyCallback: true,
      pulls: false,
      disclosesAddress: false,
      endsDeprovisioned: true,
      rewindStallMillis: 0,
    },
  },
  '0.17.0': provisioningDataPlane,
  '0.18.0': { ...provisioningDataPlane, managementVersions: ['v3', 'v4'] },
};
