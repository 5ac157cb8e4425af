import type { Container, PodSpec } from '../kubernetes/types.ts';

/** The restricted Pod Security Standard, with one UID and GID for all containers so that the sidecar can read a 0600 file. */
export function buildPodSecurityContext(user: number): NonNullable<PodSpec['securityContext']> {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    // Volumes with many files are not walked at each start.
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

export function buildSecurityContext(readOnlyRoot: boolean): NonNullable<Container['securityContext']> {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    ...(readOnlyRoot ? { readOnlyRootFilesystem: true } : {}),
  };
}
