import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project's manifests. */
export const deployFolder = fileURLToPath(new URL('../../deploy/', import.meta.url));

export interface Overlay {
  /** Paths of components. */
  components: readonly string[];
  /** Further members of the kustomization. */
  rest?: Record<string, unknown>;
}

/** Writes an overlay of `deploy/base` into a folder. */
export async function writeOverlay(folder: string, { components, rest = {} }: Overlay): Promise<void> {
  await mkdir(folder, { recursive: true });
  const kustomization = {
    resources: [relative(folder, join(deployFolder, 'base'))],
    components: components.map((component) => relative(folder, component)),
    ...rest,
  };
  await writeFile(join(folder, 'kustomization.yaml'), JSON.stringify(kustomization));
}
