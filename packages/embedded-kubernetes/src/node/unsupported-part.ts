import type { Container } from '../objects/pod.ts';

/** A sentence about a member of the container that this node would have to ignore; such a container never starts. */
export function unsupportedPart(container: Container): string | undefined {
  const member = ['livenessProbe', 'readinessProbe', 'lifecycle', 'volumeDevices'].find(
    (name) => container[name] !== undefined,
  );
  if (member !== undefined) return sentence(member);
  if (container.startupProbe && !container.startupProbe.exec)
    return sentence('startupProbe other than by exec');
  const mount = container.volumeMounts?.find(
    ({ subPath, subPathExpr }) => subPath !== undefined || subPathExpr !== undefined,
  );
  return mount && sentence(`volumeMounts with subPath (${mount.mountPath})`);
}

function sentence(part: string): string {
  return `the embedded cluster does not support ${part}`;
}
