import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { TemplateProblem } from '../template.ts';

/** A template's files as they lie on disk. */
export interface TemplateFolder {
  name: string;
  directory: string;
  /** `template.yaml`, `job.yaml`, `job.env`, `job-conf.env`: those that are there. */
  texts: ReadonlyMap<string, string>;
  files: Record<string, Buffer>;
  digest: string;
}

const known = ['template.yaml', 'job.yaml', 'job.env', 'job-conf.env'];
/** A ConfigMap's own limit, which no setting can raise. */
const configMapLimit = 1024 * 1024;
const textLimit = 512 * 1024;
const configMapKey = /^[-._a-zA-Z0-9]{1,253}$/;

/** Reads one folder; what is hidden (a mounted ConfigMap's `..data` too) and a README are nobody's business. */
export async function readFolder(
  { name, directory }: { name: string; directory: string },
  problems: TemplateProblem[],
): Promise<TemplateFolder> {
  const texts = new Map<string, string>();
  const files: Record<string, Buffer> = {};
  for (const entry of await visibleEntries(directory)) {
    const file = join(directory, entry);
    if (known.includes(entry)) texts.set(entry, await readText(file, problems));
    else if (entry === 'files') Object.assign(files, await readFiles(file, problems));
    else
      problems.push({
        file,
        reason: `is not part of a template; expected ${known.join(', ')}, files or README.md`,
      });
  }
  return { name, directory, texts, files, digest: digestOf(texts, files) };
}

async function visibleEntries(directory: string): Promise<string[]> {
  const entries = await readdir(directory);
  return entries.filter((entry) => !entry.startsWith('.') && entry !== 'README.md').sort();
}

async function readText(file: string, problems: TemplateProblem[]): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= textLimit) return await readFile(file, 'utf8');
    problems.push({ file, reason: `expected at most ${textLimit} bytes, received ${size}` });
  } catch (error) {
    problems.push({ file, reason: `cannot be read: ${messageOf(error)}` });
  }
  return '';
}

async function readFiles(directory: string, problems: TemplateProblem[]): Promise<Record<string, Buffer>> {
  const files: Record<string, Buffer> = {};
  let bytes = 0;
  for (const entry of (await readdir(directory)).filter((name) => !name.startsWith('..')).sort()) {
    const file = join(directory, entry);
    const info = await stat(file);
    if (!info.isFile()) problems.push({ file, reason: 'expected a file: a ConfigMap has no folders' });
    else if (!configMapKey.test(entry))
      problems.push({ file, reason: 'expected a name of letters, digits and . _ -' });
    else if (bytes + info.size > configMapLimit) bytes += info.size;
    else {
      const content = await readFile(file);
      files[entry] = content;
      bytes += entry.length + weightOf(content);
    }
  }
  if (bytes > configMapLimit) {
    problems.push({
      file: directory,
      reason: `expected at most ${configMapLimit} bytes together (a ConfigMap's limit; binary files count 4/3), received ${bytes}; fetch larger inputs from the store`,
    });
  }
  return files;
}

/** Bytes that are no UTF-8 travel as base64. */
function weightOf(content: Buffer): number {
  return isUtf8(content) ? content.length : Math.ceil(content.length / 3) * 4;
}

function digestOf(texts: ReadonlyMap<string, string>, files: Record<string, Buffer>): string {
  const hash = createHash('sha256');
  const parts: [string, Buffer][] = [
    ...[...texts].map(([name, text]): [string, Buffer] => [name, Buffer.from(text)]),
    ...Object.entries(files).map(([name, content]): [string, Buffer] => [`files/${name}`, content]),
  ];
  // Lengths keep two folders apart whose bytes are the same one after the other.
  for (const [name, content] of parts.sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
