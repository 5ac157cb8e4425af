import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../errors.ts';
import type { TemplateProblem } from '../template.ts';

/** Name and path of a template's folder. */
export interface TemplateLocation {
  name: string;
  directory: string;
}

/** The files of a template. */
export interface TemplateFolder extends TemplateLocation {
  /** Existing files among `template.yaml`, `job.yaml`, `job.env`, `job-conf.env`. */
  texts: ReadonlyMap<string, string>;
  files: Record<string, Buffer>;
  digest: string;
}

/** A folder with one of these files is a template. */
export const templateFiles = ['template.yaml', 'job.yaml', 'job.env', 'job-conf.env'];
/** Kubernetes' limit for a ConfigMap. */
const configMapLimit = 1024 * 1024;
const textLimit = 512 * 1024;
const configMapKey = /^[-._a-zA-Z0-9]{1,253}$/;
const expectedName = 'expected a name of letters, digits and . _ -';
const partsOfTemplate = `${templateFiles.join(', ')}, files`;

/** Reads one folder, without its README and hidden files such as `..data` of a mounted ConfigMap. */
export async function readFolder(
  { name, directory }: TemplateLocation,
  problems: TemplateProblem[],
): Promise<TemplateFolder> {
  const texts = new Map<string, string>();
  const files: Record<string, Buffer> = {};
  for (const entry of await visibleEntries(directory)) {
    const file = join(directory, entry);
    if (templateFiles.includes(entry)) texts.set(entry, await readText(file, problems));
    else if (entry === 'files') Object.assign(files, await readFiles(file, problems));
    else
      problems.push({
        file,
        reason: `is not part of a template; expected ${partsOfTemplate} or README.md`,
      });
  }
  return { name, directory, texts, files, digest: digestOf(texts, files) };
}

/** The same of files that are given by their paths in the folder. */
export function givenFolder(
  { name, given }: { name: string; given: ReadonlyMap<string, Buffer> },
  problems: TemplateProblem[],
): TemplateFolder {
  const texts = new Map<string, string>();
  const files: [string, Buffer][] = [];
  for (const [file, content] of [...given].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [, inFiles] = /^files\/(.*)$/s.exec(file) ?? [];
    if (templateFiles.includes(file)) texts.set(file, textOf(file, content, problems));
    else if (inFiles === undefined)
      problems.push({ file, reason: `is not part of a template; expected ${partsOfTemplate}/NAME` });
    else if (!configMapKey.test(inFiles) || inFiles.startsWith('..'))
      problems.push({ file, reason: expectedName });
    else files.push([inFiles, content]);
  }
  checkWeight(
    'files',
    files.reduce((sum, [entry, content]) => sum + entry.length + weightOf(content), 0),
    problems,
  );
  const byName = Object.fromEntries(files);
  return { name, directory: '', texts, files: byName, digest: digestOf(texts, byName) };
}

function textOf(file: string, content: Buffer, problems: TemplateProblem[]): string {
  if (content.length <= textLimit) return content.toString('utf8');
  problems.push({ file, reason: tooLong(content.length) });
  return '';
}

function tooLong(bytes: number): string {
  return `expected at most ${textLimit} bytes, received ${bytes}`;
}

async function visibleEntries(directory: string): Promise<string[]> {
  const entries = await readdir(directory);
  return entries.filter((entry) => !entry.startsWith('.') && entry !== 'README.md').sort();
}

async function readText(file: string, problems: TemplateProblem[]): Promise<string> {
  try {
    const info = await stat(file);
    // Reading a pipe would block.
    if (!info.isFile()) problems.push({ file, reason: 'expected a regular file' });
    else if (info.size <= textLimit) return await readFile(file, 'utf8');
    else problems.push({ file, reason: tooLong(info.size) });
  } catch (error) {
    problems.push({ file, reason: `cannot be read: ${messageOf(error)}` });
  }
  return '';
}

async function readFiles(directory: string, problems: TemplateProblem[]): Promise<Record<string, Buffer>> {
  const files: [string, Buffer][] = [];
  let bytes = 0;
  for (const entry of await listFiles(directory, problems)) {
    const content = await readContent(directory, entry, { bytes, problems });
    if (typeof content === 'number') bytes += content;
    else if (content !== undefined) {
      files.push([entry, content]);
      bytes += entry.length + weightOf(content);
    }
  }
  checkWeight(directory, bytes, problems);
  // From entries, since a file may be named `__proto__`.
  return Object.fromEntries(files);
}

function checkWeight(file: string, bytes: number, problems: TemplateProblem[]): void {
  if (bytes <= configMapLimit) return;
  problems.push({
    file,
    reason: `expected at most ${configMapLimit} bytes together (a ConfigMap's limit; binary files count 4/3), received ${bytes}; fetch larger inputs from the store`,
  });
}

async function listFiles(directory: string, problems: TemplateProblem[]): Promise<string[]> {
  try {
    return (await readdir(directory)).filter((name) => !name.startsWith('..')).sort();
  } catch (error) {
    problems.push({ file: directory, reason: `cannot be read: ${messageOf(error)}` });
    return [];
  }
}

/** Returns only the size of a file that exceeds the limit. */
async function readContent(
  directory: string,
  entry: string,
  { bytes, problems }: { bytes: number; problems: TemplateProblem[] },
): Promise<Buffer | number | undefined> {
  const file = join(directory, entry);
  try {
    const info = await stat(file);
    if (!info.isFile()) problems.push({ file, reason: 'expected a file: a ConfigMap has no folders' });
    else if (!configMapKey.test(entry)) problems.push({ file, reason: expectedName });
    else return bytes + info.size > configMapLimit ? info.size : await readFile(file);
  } catch (error) {
    problems.push({ file, reason: `cannot be read: ${messageOf(error)}` });
  }
  return undefined;
}

/** Bytes that are not UTF-8 are sent as base64. */
function weightOf(content: Buffer): number {
  return isUtf8(content) ? content.length : Math.ceil(content.length / 3) * 4;
}

function digestOf(texts: ReadonlyMap<string, string>, files: Record<string, Buffer>): string {
  const hash = createHash('sha256');
  const parts: [string, Buffer][] = [
    ...[...texts].map(([name, text]): [string, Buffer] => [name, Buffer.from(text)]),
    ...Object.entries(files).map(([name, content]): [string, Buffer] => [`files/${name}`, content]),
  ];
  // With lengths, two folders whose concatenated bytes are equal have different digests.
  for (const [name, content] of parts.sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}
