import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A page of the API's documentation: a viewer that a package provides, and a script of ours that starts it. */
export interface Page {
  title: string;
  /** Files of packages, by the name under which the page loads them. */
  files: Readonly<Record<string, string>>;
  /** Those of them that are scripts and no modules: they set a global, and `this` is not the window in a module. */
  scripts: readonly string[];
  /** The script `start.js`, a module. */
  start: string;
}

// Addresses are relative, since a proxy may serve all of this below a path of its own.
export const pages: Readonly<Record<'docs' | 'redoc', Page>> = {
  docs: {
    title: 'Swagger UI',
    files: {
      'swagger-ui-bundle.js': 'swagger-ui-dist/swagger-ui-bundle.js',
      'swagger-ui.css': 'swagger-ui-dist/swagger-ui.css',
    },
    scripts: ['swagger-ui-bundle.js'],
    // "Try it out" sends requests to where the page comes from, which may be another address than `http.publicUrl`.
    start: `const answer = await fetch('openapi.json');
const spec = { ...(await answer.json()), servers: [{ url: new URL('.', location.href).href.slice(0, -1) }] };
window.SwaggerUIBundle({ spec, dom_id: '#page', deepLinking: true, validatorUrl: null });
`,
  },
  redoc: {
    title: 'ReDoc',
    // The standalone bundle of the package redoc, as the linter ships it: redoc itself would bring 60 packages for this file.
    files: { 'redoc.standalone.js': '@redocly/cli/lib/chunks/redoc.standalone.js' },
    scripts: [],
    start: `import { init } from './redoc.standalone.js';
const answer = await fetch('openapi.json');
init(await answer.json(), { disableTelemetry: true }, document.getElementById('page'));
`,
  },
};

const root = join(import.meta.dirname, '..', '..', '..', '..');

/** In a checkout the packages are there; the image and the package of npm have copies of the files alone. */
function placesOf(name: string, source: string): string[] {
  return [join(root, 'node_modules', source), join(root, 'pages', name)];
}

export function hasFiles({ files }: Page): boolean {
  return Object.entries(files).every(([name, source]) =>
    placesOf(name, source).some((path) => existsSync(path)),
  );
}

export interface PageFile {
  content: Buffer;
  etag: string;
}

/** Reads each file once: slow readers share its bytes. Undefined for a name that the page does not have. */
export function createPageReader(page: Page): (name: string) => Promise<PageFile> | undefined {
  const read = new Map<string, Promise<PageFile>>();
  return (name) => {
    const known = read.get(name);
    const source = Object.hasOwn(page.files, name) ? page.files[name] : undefined;
    if (known !== undefined || source === undefined) return known;
    const reading = readFirst(placesOf(name, source)).then(describeFile);
    read.set(name, reading);
    // A file that could not be read is read again by the next request.
    reading.catch(() => read.delete(name));
    return reading;
  };
}

async function readFirst(paths: readonly string[]): Promise<Buffer> {
  return await readFile(paths.find((path) => existsSync(path)) ?? paths[0] ?? '');
}

export function describeFile(content: Buffer): PageFile {
  return { content, etag: `"${hash('sha256', content).slice(0, 32)}"` };
}
