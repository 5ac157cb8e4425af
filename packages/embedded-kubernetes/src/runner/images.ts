import { readFileSync } from 'node:fs';

import { parse } from 'yaml';

import { isRecord } from '../registry/copy.ts';
import { fullImageName } from './image-name.ts';

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
