import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { isRecord } from '../objects/copy.ts';

/** What this machine runs in place of an image. */
export interface LocalImage {
  /** The full name. */
  name: string;
  /** Program and first arguments of a container without `command`. */
  entrypoint: string[];
  /** Names, or absolute paths, of the programs that are inside. */
  programs: string[];
}

export interface ImageMap {
  /** Where the images are listed: messages about a missing one say so. */
  file: string;
  find(name: string): LocalImage | undefined;
}

/** Reads the member `images` of a YAML file; a mistake in it is an error that names the member and what was expected. */
export function loadImages({ file, project }: { file: string; project: string }): ImageMap {
  return parseImages(readFileSync(file, 'utf8').replaceAll('${project}', project), file);
}

export function parseImages(text: string, file: string): ImageMap {
  const document: unknown = parse(text, { merge: true });
  const listed = isRecord(document) ? document['images'] : undefined;
  if (!isRecord(listed)) throw new Error(`${file}: images: expected a mapping from image name to program`);
  const images = new Map<string, LocalImage>();
  for (const [key, value] of Object.entries(listed)) {
    const name = fullImageName(key);
    if (name === undefined) throw new Error(`${file}: images: "${key}" is not an image name`);
    images.set(name, localImage(name, value, `${file}: images["${key}"]`));
  }
  return { file, find: (name) => images.get(fullImageName(name) ?? '') };
}

function localImage(name: string, value: unknown, at: string): LocalImage {
  if (!isRecord(value)) throw new Error(`${at}: expected { entrypoint: [program, …], programs: [name, …] }`);
  for (const member of Object.keys(value)) {
    if (member !== 'entrypoint' && member !== 'programs') {
      throw new Error(`${at}: unknown member "${member}", expected entrypoint or programs`);
    }
  }
  const entrypoint = textList(value['entrypoint'], `${at}.entrypoint`);
  const [program] = entrypoint;
  const programs = textList(value['programs'], `${at}.programs`);
  return { name, entrypoint, programs: [...programs, ...(program === undefined ? [] : [program])] };
}

function textList(value: unknown, at: string): string[] {
  if (value === undefined) return [];
  const texts = Array.isArray(value) ? value.flat(5).filter((each) => typeof each === 'string') : [];
  if (!Array.isArray(value) || texts.length !== value.flat(5).length) {
    throw new Error(`${at}: expected a list of texts`);
  }
  return texts;
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)+(?::[0-9]+)?|[a-zA-Z0-9-]+:[0-9]+|localhost)';
const reference = new RegExp(
  `^(?:(?<host>${host})/)?(?<path>${component}(?:/${component})*)(?::(?<tag>[\\w][\\w.-]{0,127}))?(?<digest>@sha256:[0-9a-f]{64})?$`,
);

/**
 * The full name of an image (`docker.io/library/node:24-slim` for `node:24-slim`), so that two spellings of one image
 * compare equal. Undefined if it is not an image name.
 */
export function fullImageName(name: string): string | undefined {
  const parts = reference.exec(name)?.groups;
  if (!parts) return undefined;
  const { host: registry = 'docker.io', path = '', tag, digest = '' } = parts;
  const library = registry === 'docker.io' && !path.includes('/') ? 'library/' : '';
  return `${registry}/${library}${path}${versionOf(tag, digest)}`;
}

function versionOf(tag: string | undefined, digest: string): string {
  if (tag !== undefined) return `:${tag}${digest}`;
  return digest === '' ? ':latest' : digest;
}
