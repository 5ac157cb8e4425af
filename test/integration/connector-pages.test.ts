import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import type { ConnectorVersion } from 'connector-simulator';
import { parse } from 'yaml';
import { freePort } from '../../src/demo/free-port.ts';
import type { Settings } from '../support/settings.ts';
import { startWorld, type ConnectorOptions } from '../support/start-world.ts';

type Properties = Record<string, string>;

interface Page {
  file: string;
  /** Member of the chart's values. */
  chart: string;
  versions: ConnectorVersion[];
  /** The address to which provision requests go. */
  provisionUrl: (page: { properties: Properties; asset: Asset }) => string | undefined;
  /** The address that the connector sends as its callbackAddress. */
  callbackAddress: (properties: Properties) => string | undefined;
  /** The simulator with the configuration of the page. */
  configure: (properties: Properties) => Partial<ConnectorOptions>;
}

const pages: Page[] = [
  {
    file: 'control-plane.md',
    chart: 'controlplane',
    versions: ['0.12.0', '0.15.1'],
    provisionUrl: ({ properties }) => properties['provisioner.http.entries.jobs.endpoint'],
    callbackAddress: (properties) => `${properties['edc.management.endpoint'] ?? ''}/callback`,
    configure: (properties) => ({
      entryType: properties['provisioner.http.entries.jobs.data.address.type'] as 'HttpProvision',
      ...keyOf(properties['web.http.management.auth.key']),
    }),
  },
  {
    file: 'data-plane.md',
    chart: 'dataplane',
    versions: ['0.15.1-data-plane', '0.17.0', '0.18.0'],
    provisionUrl: ({ asset }) => asset.dataAddress.baseUrl,
    callbackAddress: (properties) => properties['edc.dataplane.provision.http.endpoint'],
    configure: (properties) => ({
      callbackKey: properties['web.http.provision.auth.key'],
      ...keyOf(properties['web.http.provision.auth.key']),
      requestRetryMillis: 50,
    }),
  },
];

function keyOf(key: string | undefined): { key?: string } {
  return key === undefined ? {} : { key };
}

interface Asset {
  '@id': string;
  dataAddress: { type: string; baseUrl: string };
}

function read(file: string): string {
  return readFileSync(new URL(`../../docs/connectors/${file}`, import.meta.url), 'utf8');
}

/** All blocks of a language. */
function blocksOf(text: string, language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(fenced)].map(([, block = '']) => block);
}

function propertiesOf(text: string): Properties {
  const lines = blocksOf(text, 'properties')[0]?.split('\n') ?? [];
  return Object.fromEntries(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** The block of YAML with this member at the top. */
function yamlOf(text: string, member: string): unknown {
  const values = blocksOf(text, 'yaml').map((block) => parse(block) as Record<string, unknown>);
  return values.find((value) => member in value)?.[member];
}

interface Values {
  env: Properties;
  endpoints?: { management: { authKey: string } };
}

/** The properties that the chart sets for its value `authKey`. */
function authenticationBy(key: string | undefined): Properties {
  const prefix = 'web.http.management.auth';
  return key === undefined ? {} : { [`${prefix}.type`]: 'tokenbased', [`${prefix}.key`]: key };
}

for (const { file, chart } of pages) {
  test(`the properties of ${file} and its values for Helm say the same`, () => {
    const text = read(file);
    const { env, endpoints } = yamlOf(text, chart) as Values;
    // As EDC reads its environment.
    const named = Object.entries(env).map(([name, value]) => [
      name.toLowerCase().replaceAll('_', '.'),
      value,
    ]);
    const key = endpoints?.management.authKey;
    assert.deepEqual({ ...Object.fromEntries(named), ...authenticationBy(key) }, propertiesOf(text));
  });
}

for (const page of pages) {
  for (const version of page.versions) {
    test(`a transfer of EDC ${version} completes with what ${page.file} says to paste`, async (t) => {
      await completeTransfer(t, page, version);
    });
  }
}

async function completeTransfer(t: TestContext, page: Page, version: ConnectorVersion): Promise<void> {
  const port = await freePort();
  const text = read(page.file)
    .replaceAll('https://edc.example.org', `http://127.0.0.1:${port}`)
    .replaceAll('<key>', randomBytes(24).toString('hex'));
  const properties = propertiesOf(text);
  const [settings] = yamlOf(text, 'connectors') as Settings[];
  const asset = JSON.parse(blocksOf(text, 'json')[0] ?? '') as Asset;
  const name = String(settings?.['name']);
  const connectors = [{ name, version, port, settings: settings ?? {}, ...page.configure(properties) }];
  const templates = { [asset['@id']]: await readTemplate() };
  const world = await startWorld(t, { connectors, templates });
  const connector = world.connector();
  assert.equal(connector.callbackAddress, page.callbackAddress(properties));
  const token = world.provisionUrl().split('/').at(-2) ?? '';
  const provisionUrl = page.provisionUrl({ properties, asset }) ?? '';
  connector.provisionAt(
    provisionUrl.replace('https://jobs.example.org', world.service.url).replace('<token>', token),
  );
  const { id } = connector.startTransfer({ assetId: asset['@id'] });
  await connector.waitFor(id, ({ consumer }) => consumer.state === 'COMPLETED');
  const [received] = connector.received(id);
  assert.equal(await readFile(received?.path ?? '', 'utf8'), 'hello from the worker: ä ö ü €\n');
}

/** The files of the template `echo`. */
async function readTemplate(): Promise<Record<string, string>> {
  const folder = new URL('../fixtures/templates/echo/', import.meta.url);
  const names = ['template.yaml', 'job.yaml', 'job.env'];
  const files = names.map(async (file) => [file, await readFile(new URL(file, folder), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(files));
}
