import { isUtf8 } from 'node:buffer';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NewTemplate, TemplateDescription } from '../http/routes/api/templates/template-schema.ts';
import type { ApiClient } from './api-client.ts';
import { required } from './required.ts';

export async function getTemplate(
  client: ApiClient,
  name: string,
  signal: AbortSignal,
): Promise<TemplateDescription> {
  return required((await client.json<TemplateDescription>({ path: templatePath(name) }, signal)).value);
}

export async function listTemplates(client: ApiClient, signal: AbortSignal): Promise<TemplateDescription[]> {
  const { value } = await client.json<{ items: TemplateDescription[] }>({ path: '/templates' }, signal);
  return required(value).items;
}

/** A repeat with the same files changes nothing. */
export async function putTemplate(
  client: ApiClient,
  { name, body }: { name: string; body: NewTemplate },
  signal: AbortSignal,
): Promise<TemplateDescription> {
  const request = { method: 'PUT', path: templatePath(name), body } as const;
  return required((await client.json<TemplateDescription>(request, signal)).value);
}

export async function deleteTemplate(client: ApiClient, name: string, signal: AbortSignal): Promise<void> {
  await client.json({ method: 'DELETE', path: templatePath(name) }, signal);
}

/** The files of a template's folder, without its README and hidden files. The service checks them. */
export async function readTemplateFolder(folder: string): Promise<NewTemplate> {
  const files: [string, string | { base64: string }][] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = path.slice(join(folder, '/').length).replaceAll('\\', '/');
    if (entry.isDirectory() || /^(\.|README\.md$)/.test(name)) continue;
    const bytes = await readFile(path);
    files.push([name, isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') }]);
  }
  return { files: Object.fromEntries(files) };
}

function templatePath(name: string): string {
  return `/templates/${encodeURIComponent(name)}`;
}
