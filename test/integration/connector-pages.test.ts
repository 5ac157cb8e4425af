import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test, type TestContext } from 'node:test';
import {
  startHttpSink,
  type ConnectorSimulator,
  type ConnectorVersion,
  type SignalingRelease,
} from 'connector-simulator';
import { parse } from 'yaml';
import { freePort } from '../../src/demo/free-port.ts';
import type { Settings } from '../support/settings.ts';
import { startWorld, type ConnectorOptions } from '../support/start-world.ts';
import { numberedJob } from '../support/numbered-flows.ts';
import { transferTypes } from '../support/signaling-connectors.ts';
import { waitUntil } from '../support/wait-until.ts';

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
  dataplaneMetadata?: { labels: string[]; properties: Record<string, unknown> };
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

const charts = [...pages, { file: 'signaling.md', chart: 'controlplane' }];

for (const { file, chart } of charts) {
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
  const text = fillIn(read(page.file), port);
  const properties = propertiesOf(text);
  const [settings] = yamlOf(text, 'connectors') as Settings[];
  const asset = assetOf(text);
  const name = String(settings?.['name']);
  const connectors = [{ name, version, port, settings: settings ?? {}, ...page.configure(properties) }];
  const assets = yamlOf(text, 'assets') as { id: string; parameters: { YEAR: number } }[];
  const parameters = { properties: { YEAR: { type: 'integer' } }, required: ['YEAR'] };
  const templates = { [asset['@id']]: await readTemplate(), year: yearTemplate({ assets, parameters }) };
  const world = await startWorld(t, { connectors, templates });
  const connector = world.connector();
  assert.equal(connector.callbackAddress, page.callbackAddress(properties));
  const token = world.provisionUrl().split('/').at(-2) ?? '';
  const provisionUrl = page.provisionUrl({ properties, asset }) ?? '';
  connector.provisionAt(
    provisionUrl.replace('https://jobs.example.org', world.service.url).replace('<token>', token),
  );
  await Promise.all([
    assertReceived(connector, asset['@id'], 'hello from the worker: ä ö ü €\n'),
    ...assets.map(({ id, parameters }) => assertReceived(connector, id, `${parameters.YEAR}\n`)),
  ]);
}

/** With the key of a run, and a connector at this port. */
function fillIn(text: string, port: number): string {
  return text
    .replaceAll('https://edc.example.org', `http://127.0.0.1:${port}`)
    .replaceAll('<key>', randomBytes(24).toString('hex'));
}

function assetOf(text: string): Asset {
  const documents = blocksOf(text, 'json').map((block) => JSON.parse(block) as Partial<Asset>);
  const asset = documents.find((document) => '@id' in document);
  assert.ok(asset !== undefined, 'the page shows no asset');
  return asset as Asset;
}

async function assertReceived(connector: ConnectorSimulator, assetId: string, text: string): Promise<void> {
  const { id } = connector.startTransfer({ assetId });
  await connector.waitFor(id, ({ consumer }) => consumer.state === 'COMPLETED');
  const [received] = connector.received(id);
  assert.equal(await readFile(received?.path ?? '', 'utf8'), text);
}

for (const release of ['0.18.0-signaling', 'rc3-signaling'] as const) {
  test(`a pull and a push of ${release} complete with what signaling.md says to paste`, async (t) => {
    await completeSignaling(t, release);
  });
}

async function completeSignaling(t: TestContext, release: SignalingRelease): Promise<void> {
  const port = await freePort();
  const text = fillIn(read('signaling.md'), port);
  const properties = propertiesOf(text);
  const [settings] = yamlOf(text, 'connectors') as Settings[];
  const asset = assetOf(text);
  const template = yearTemplate({ parameters: yamlOf(text, 'parameters') });
  const name = String(settings?.['name']);
  const world = await startWorld(t, {
    signaling: [
      { name, release, port, settings: settings ?? {}, ...keyOf(properties['web.http.management.auth.key']) },
    ],
    templates: { [asset['@id']]: template },
    // The service registers itself.
    replicas: 0,
  });
  const connector = world.signaling(name);
  connector.register({ dataplaneId: 'another', endpoint: 'http://127.0.0.1:9/dataflows', transferTypes });
  const service = await world.addService();
  await service.start();
  assert.equal(connector.callbackAddress, properties['web.http.signaling.public.uri']);
  const plane = await waitUntil('the service is registered', () => connector.dataPlanes()[1]);
  assert.deepEqual(registrationIn(text, world.dataFlowsUrl(name)), withoutUnset(plane));

  const { labels = [], properties: metadata = {} } = asset.dataplaneMetadata ?? {};
  const transfer = { assetId: asset['@id'], labels, metadata };
  const year = `${String(metadata['year'])}\n`;
  const sink = await startHttpSink({ keep: true });
  t.after(() => sink.stop());
  const pull = connector.startTransfer(transfer);
  const push = connector.startTransfer({ ...transfer, mode: 'push', dataAddress: sink.address() });
  await connector.waitFor(pull.id, 'STARTED');
  assert.equal((await connector.pull(pull.id, { keep: true })).content?.toString(), year);
  await connector.waitFor(push.id, 'COMPLETED');
  assert.equal((await sink.waitFor()).content?.toString(), year);
}

/** The body for a registration by hand, with the endpoint of this run. */
function registrationIn(text: string, endpoint: string): object {
  const documents = blocksOf(text, 'json').map((block) => JSON.parse(block) as { dataplaneId?: string });
  const body = documents.find(({ dataplaneId }) => dataplaneId !== undefined);
  return { ...body, endpoint };
}

function withoutUnset(plane: object): object {
  return Object.fromEntries(Object.entries(plane).filter(([, value]) => value !== undefined));
}

/** Its result is the year that it was started with. */
function yearTemplate(members: object): Record<string, string> {
  const results = { directory: '/results', storage: { size: '16Mi' } };
  const template = { description: 'The year of the request.', results, ...members };
  const script = `printf '%s\\n' "$YEAR" > "$RESULT_DIRECTORY/year.txt"`;
  return {
    'template.yaml': JSON.stringify(template),
    'job.yaml': JSON.stringify(numberedJob('year', script)),
  };
}

/** The files of the template `echo`. */
async function readTemplate(): Promise<Record<string, string>> {
  const folder = new URL('../fixtures/templates/echo/', import.meta.url);
  const names = ['template.yaml', 'job.yaml', 'job.env'];
  const files = names.map(async (file) => [file, await readFile(new URL(file, folder), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(files));
}
