// Part of `npm pack`: copies the files of /docs and /redoc out of their packages, which are not dependencies: the rest of them is 20 MB.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const compiled = pathToFileURL(join('dist', 'http', 'routes', 'pages', 'page-files.js'));
const { pages } = await import(compiled.href);

rmSync('pages', { recursive: true, force: true });
mkdirSync('pages');
for (const { files } of Object.values(pages))
  for (const [name, source] of Object.entries(files))
    cpSync(join('node_modules', source), join('pages', name));
