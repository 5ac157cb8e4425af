import { posix } from 'node:path';
import { trimSlashes } from '../../addresses.ts';

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
export function isKernelPlace(path: string): boolean {
  const place = trimSlashes(posix.normalize(path)) || '/';
  return place === '/' || (place !== '/dev/shm' && isBelow(place, kernelFolders));
}

function isBelow(place: string, folders: readonly string[]): boolean {
  return folders.some((folder) => place === folder || place.startsWith(`${folder}/`));
}
