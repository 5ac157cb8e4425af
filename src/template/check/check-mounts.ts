import { posix } from 'node:path';
import { trimSlashes } from '../../addresses.ts';
import type { Container } from '../../kubernetes/types.ts';
import { isFaulty, problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import { containersOf } from './check-containers.ts';
import { reportBelow, type JobContext, type Report } from './context.ts';

/** Mounts lead to volumes that exist, and none lies over, under or at a place that the service mounts. */
export function checkMounts(context: JobContext, problems: TemplateProblem[]): void {
  const { template, sources } = context;
  const [results, files] = ownPlaces(context);
  for (const { container, path } of containersOf(context)) {
    checkContainerMounts(container, context, reportBelow(path, context, problems));
  }
  if (results !== undefined && files !== undefined && overlap(results, files)) {
    const reason = `files.mountPath: ${template.filesMountPath} collides with results.directory ${results}`;
    problems.push(problemAt(sources.document, ['files', 'mountPath'], reason));
  }
}

function checkContainerMounts(container: Container, context: JobContext, report: Report): void {
  const volumes = (context.sample.spec?.template.spec?.volumes ?? []).map(({ name }) => name);
  const ours = container.name === 'worker' ? ownPlaces(context) : [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const fault = findFault(mount, volumes, ours);
    if (fault !== undefined) report(['volumeMounts', index], fault);
  }
}

type Mount = NonNullable<Container['volumeMounts']>[number];

function findFault(
  { name, mountPath, subPath }: Mount,
  volumes: readonly string[],
  ours: readonly string[],
): string | undefined {
  if (!volumes.includes(name)) return `"${name}" is not a volume of this Job`;
  if (subPath?.split('/').includes('..')) return `subPath: expected a path without .., received ${subPath}`;
  if (isKernelPlace(mountPath)) return `${mountPath}: expected a folder that is not the system's`;
  const other = ours.find((place) => overlap(place, posix.normalize(mountPath)));
  return other === undefined ? undefined : `${mountPath} collides with ${other}, which the service mounts`;
}

/** Those that are not known to be wrong themselves. */
function ownPlaces({ template, sources }: JobContext): string[] {
  const hasFiles = Object.keys(template.files).length > 0;
  const places = [
    { path: ['results', 'directory'], place: template.results.directory },
    ...(hasFiles ? [{ path: ['files', 'mountPath'], place: template.filesMountPath }] : []),
  ];
  return places.filter(({ path }) => !isFaulty(sources.document, path)).map(({ place }) => place);
}

function overlap(one: string, other: string): boolean {
  const a = `${trimSlashes(one)}/`;
  const b = `${trimSlashes(other)}/`;
  return a.startsWith(b) || b.startsWith(a);
}

/** Folders whose contents a container's image or the kubelet brings: results mounted over them break the container. */
const systemFolders = ['/', '/bin', '/boot', '/etc', '/lib', '/lib64', '/run', '/sbin', '/usr', '/var'];
/** File systems of the kernel: nothing below them is disk, and the container runtime mounts them last. */
const kernelFolders = ['/dev', '/proc', '/sys'];
/** Files that the kubelet mounts. */
const kubeletFiles = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

/** Whether a mount at this absolute path would break the container, or would not be a folder on a disk. */
export function isSystemPlace(path: string): boolean {
  const place = trimSlashes(posix.normalize(path)) || '/';
  return systemFolders.includes(place) || isBelow(place, [...kernelFolders, ...kubeletFiles]);
}

/** The same for a volume of the template's own: shared memory at `/dev/shm` is the usual way to get more of it. */
function isKernelPlace(path: string): boolean {
  const place = trimSlashes(posix.normalize(path)) || '/';
  return place === '/' || (place !== '/dev/shm' && isBelow(place, kernelFolders));
}

function isBelow(place: string, folders: readonly string[]): boolean {
  return folders.some((folder) => place === folder || place.startsWith(`${folder}/`));
}
