/** A folder or file inside the container, and what it is on this machine. */
export interface PathMapping {
  inside: string;
  outside: string;
}

const pathCharacter = '[\\p{L}\\p{N}_.\\-]';

/**
 * Returns a function that replaces the paths of a container by those of this machine wherever a text names them: there
 * is no mount namespace. Only whole path components count, and the longest match wins; nothing is replaced twice.
 */
export function createPathRewriter(mappings: PathMapping[]): (text: string) => string {
  const outside = new Map(mappings.map((each) => [trimmed(each.inside), each.outside]));
  const longestFirst = [...outside.keys()].filter((path) => path !== '').sort((a, b) => b.length - a.length);
  if (longestFirst.length === 0) return (text) => text;
  const paths = longestFirst.map((path) => escaped(path)).join('|');
  const pattern = new RegExp(`(?<!${pathCharacter}|/)(?:${paths})(?=/|$|(?!${pathCharacter}))`, 'gu');
  return (text) => text.replaceAll(pattern, (path) => outside.get(path) ?? path);
}

function escaped(path: string): string {
  return path.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}
