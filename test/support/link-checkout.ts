import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const notPartOfIt = ['.git', 'coverage', 'demo-result'];
/** Where documented commands write beside what is there. */
const writtenTo = ['deploy'];

/** A checkout in `folder` whose commands run the code of this one, and write nothing into it. */
export async function linkCheckout(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(root)) {
    if (notPartOfIt.includes(name)) continue;
    const [from, to] = [join(root, name), join(folder, name)];
    await (writtenTo.includes(name) ? cp(from, to, { recursive: true }) : symlink(from, to));
  }
  return folder;
}
