/**
 * `0.16.0-signaling` and `rc3-signaling`, the release after 0.18 that speaks v1.0-RC3 of the specification, were read in their sources, not
 * observed.
 */
export type SignalingRelease = '0.16.0-signaling' | '0.18.0-signaling' | 'rc3-signaling';

/** Differences between the releases that a data plane can see. */
export interface ReleaseProfile {
  readonly userAgent: string;
  /** Name of the member with the transfer type. */
  readonly transferTypeMember: 'transferType' | 'profile';
  /** False: the member is null, and a data plane has the address from its configuration. */
  readonly sendsCallbackAddress: boolean;
  /** False: messages have no `claims`. */
  readonly sendsClaims: boolean;
  /** `start` names the consumer as the participant, and the provider as its counterparty. */
  readonly swapsParticipants: boolean;
  /** False: a suspended transfer cannot be continued. */
  readonly resumes: boolean;
  /** `control`: `POST {controlUrl}/dataplanes/register`; `management`: `PUT {managementUrl}/v4/dataplanes`. */
  readonly registry: 'control' | 'management';
}

const observed: ReleaseProfile = {
  userAgent: 'okhttp/5.3.2',
  transferTypeMember: 'transferType',
  sendsCallbackAddress: true,
  sendsClaims: true,
  swapsParticipants: false,
  resumes: true,
  registry: 'management',
};

export const releaseProfiles: Readonly<Record<SignalingRelease, ReleaseProfile>> = {
  '0.16.0-signaling': {
    ...observed,
    sendsClaims: false,
    swapsParticipants: true,
    resumes: false,
    registry: 'control',
  },
  '0.18.0-signaling': observed,
  'rc3-signaling': { ...observed, transferTypeMember: 'profile', sendsCallbackAddress: false },
};
