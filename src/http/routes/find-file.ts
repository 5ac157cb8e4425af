import { ServiceError } from '../../errors.ts';
import type { Manifest, ManifestFile } from '../../result/manifest.ts';
import { decodePath } from '../../result/paths.ts';

/** The file whose encoded path follows `/files/`. Reads the raw path, since the router's decoded one hides malformed escapes. */
export function fileOfPath(rawPath: string, manifest: Manifest): ManifestFile {
  const [, encoded = ''] = /\/files\/(.+)$/s.exec(rawPath.slice(rawPath.indexOf('/files/'))) ?? [];
  const path = decodePath(encoded);
  const file = path === undefined ? undefined : findFile(manifest, path);
  if (file === undefined) throw new ServiceError('not-found', 'there is no such file among the results');
  return file;
}

/** A binary search: the manifest is sorted and may be long. */
function findFile({ files }: Manifest, path: string): ManifestFile | undefined {
  let from = 0;
  let to = files.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    const file = files[middle];
    if (file === undefined || file.path === path) return file;
    if (file.path < path) from = middle + 1;
    else to = middle;
  }
  return undefined;
}
