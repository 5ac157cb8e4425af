import type { Container, PodSpec } from '../kubernetes/types.ts';

/** The restricted Pod Security Standard, with one UID and GID for all containers so that the sidecar can read a 0600 file. */
export function buildPodSecurityContext(user: number): NonNullable<PodSpec['securityContext']> {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    // Without it, each start would change the group of every file on a volume.
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
