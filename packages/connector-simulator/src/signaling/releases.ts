/** `rc3-signaling`: the release after 0.18, which speaks v1.0-RC3 of the specification; read in its sources, not observed. */
export type SignalingRelease = '0.18.0-signaling' | 'rc3-signaling';

/** Differences between the releases that a data plane can see. */
export interface ReleaseProfile {
  readonly userAgent: string;
  /** Name of the member with the transfer type. */
  readonly transferTypeMember: 'transferType' | 'profile';
  /** False: the member is null, and a data plane has the address from its configuration. */
  readonly sendsCallbackAddress: boolean;
}

const first: ReleaseProfile = {
  userAgent: 'okhttp/5.3.2',
  transferTypeMember: 'transferType',
  sendsCallbackAddress: true,
};

export const releaseProfiles: Readonly<Record<SignalingRelease, ReleaseProfile>> = {
  '0.18.0-signaling': first,
  'rc3-signaling': { ...first, transferTypeMember: 'profile', sendsCallbackAddress: false },
};
