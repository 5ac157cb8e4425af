import { posix } from 'node:path';
import { trimSlashes } from '../../addresses.ts';
import type { Container } from '../../kubernetes/types.ts';
import { isFaulty, reporter, type Report } from '../read/source.ts';
import { inputsDirectory } from '../../flow/flow-input.ts';
import { containersOf } from './check-containers.ts';
import { reportBelow, type JobContext } from './context.ts';

/** Mounts must name existing volumes, and must not overlap with mounts of the service. */
export function checkMounts(context: JobContext): void {
  for (const { container, path } of containersOf(context)) {
    checkContainerMounts(container, context, reportBelow(path, context));
  }
  checkServiceMounts(context);
}

/** The first of the mounts that collide is named by the other's problem. */
function checkServiceMounts(context: JobContext): void {
  const report = reporter(context.sources.document, context.problems);
  const mounts = serviceMounts(context);
  for (const [index, { path, folder }] of mounts.entries()) {
    const other = mounts.slice(0, index).find((earlier) => overlap(earlier.folder, folder));
    if (other !== undefined) report(path, `${folder} collides with ${other.path.join('.')} ${other.folder}`);
  }
}

function checkContainerMounts(container: Container, context: JobContext, report: Report): void {
  const volumes = (context.sample.spec?.template.spec?.volumes ?? []).map(({ name }) => name);
  const ours = container.name === 'worker' ? serviceMounts(context).map(({ folder }) => folder) : [];
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
  if (isKernelFolder(mountPath)) return `${mountPath}: expected a folder outside the kernel's file systems`;
  const other = ours.find((own) => overlap(own, posix.normalize(mountPath)));
  return other === undefined ? undefined : `${mountPath} collides with ${other}, which the service mounts`;
}

/** Mount paths of the service, without those that are wrong themselves. */
function serviceMounts({ template, sources }: JobContext): { path: string[]; folder: string }[] {
  const hasFiles = Object.keys(template.files).length > 0;
  const mounts = [
    { path: ['results', 'directory'], folder: template.results.directory },
    ...(hasFiles ? [{ path: ['files', 'mountPath'], folder: template.filesMountPath }] : []),
    ...(template.inputs.length > 0 ? [{ path: ['inputs'], folder: inputsDirectory }] : []),
  ];
  return mounts.filter(({ path }) => !isFaulty(sources.document, path));
}

function overlap(one: string, other: string): boolean {
  const a = `${trimSlashes(one)}/`;
  const b = `${trimSlashes(other)}/`;
  return a.startsWith(b) || b.startsWith(a);
}

/** Folders of the image or the kubelet: a mount over them breaks the container. */
const systemFolders = ['/', '/bin', '/boot', '/etc', '/lib', '/lib64', '/run', '/sbin', '/usr', '/var'];
/** File systems of the kernel: they are not on disk, and the container runtime mounts them last. */
const kernelFolders = ['/dev', '/proc', '/sys'];
/** Files that the kubelet mounts. */
const kubeletFiles = ['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'];

/** Whether a mount at this absolute path breaks the container, or is not on disk. */
export function isSystemFolder(path: string): boolean {
  const folder = trimSlashes(posix.normalize(path)) || '/';
  return systemFolders.includes(folder) || isBelow(folder, [...kernelFolders, ...kubeletFiles]);
}

/** The same for volumes of a template, which may enlarge shared memory by a mount at `/dev/shm`. */
function isKernelFolder(path: string): boolean {
  const folder = trimSlashes(posix.normalize(path)) || '/';
  return folder === '/' || (folder !== '/dev/shm' && isBelow(folder, kernelFolders));
}

function isBelow(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
}
