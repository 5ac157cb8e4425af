import type { IncomingHttpHeaders } from 'node:http';

/** Of code points, so that a path stays below the limits of file systems. */
const longest = 120;

/** The name of a received file: that of Content-Disposition, else the last segment of the URL. It is one segment of a relative path. */
export function nameOfFile(headers: IncomingHttpHeaders, url: string): string {
  const names = [...namesOf(headers['content-disposition'] ?? ''), lastSegment(url)];
  return names.map(safeName).find((name) => name !== '') ?? 'data';
}

/** RFC 6266: `filename*` goes before `filename`. */
function namesOf(disposition: string): string[] {
  const [, extended] = /;\s*filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition) ?? [];
  const [, quoted, token] = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/i.exec(disposition) ?? [];
  const plain = quoted?.replaceAll(/\\(.)/g, '$1') ?? token;
  return [extended === undefined ? undefined : decode(extended), plain].filter((name) => name !== undefined);
}

function lastSegment(url: string): string {
  return decode(new URL(url).pathname.split('/').at(-1) ?? '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Empty if nothing is left of it. */
function safeName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .toWellFormed()
    .replaceAll(/\p{Cc}+/gu, '')
    .trim();
  return clean === '.' || clean === '..' ? '' : Array.from(clean).slice(0, longest).join('');
}
