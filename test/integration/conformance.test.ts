import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { conformanceTests, runConformance } from 'signaling-conformance';
import { freePort } from '../../src/demo/free-port.ts';
import { flowName } from '../../src/flow/names.ts';
import {
  conformanceConnector,
  conformanceSettings,
  conformanceTemplates,
} from '../support/conformance-fixtures.ts';
import { startKitControlPlanes } from '../support/kit-control-planes.ts';
import { startWorld } from '../support/start-world.ts';

const token = 'token-of-the-kit';

async function readFixtures(): Promise<Record<string, Record<string, string>>> {
  const names = await readdir(conformanceTemplates);
  const folders = await Promise.all(names.map(async (name) => [name, await readFolder(name)] as const));
  return Object.fromEntries(folders);
}

async function readFolder(name: string): Promise<Record<string, string>> {
  const files = ['template.yaml', 'job.yaml', 'job.env'];
  const texts = await Promise.all(
    files.map(
      async (file) => [file, await readFile(join(conformanceTemplates, name, file), 'utf8')] as const,
    ),
  );
  return Object.fromEntries(texts);
}

test('the data plane conforms to Data Plane Signaling, as its control plane sees it', async (t) => {
  const callbackPort = await freePort();
  const endpoint = `http://localhost:${callbackPort}`;
  const controlPlanes = await startKitControlPlanes(t, endpoint);
  const connector = { ...conformanceConnector(endpoint), ...controlPlanes.members };
  const world = await startWorld(t, {
    connectors: [],
    settings: { connectors: [connector] },
    env: { CONNECTOR_KIT_TOKENS: token, ...controlPlanes.env },
    templates: await readFixtures(),
  });
  const base = `${world.service.url}/connectors/${connector.name}`;
  await controlPlanes.registerOther(`${base}/${token}`);
  const { results } = await runConformance({
    target: `${base}/${token}`,
    authorization: controlPlanes.authorization,
    callbackPort,
    settings: {
      ...conformanceSettings,
      ...controlPlanes.settings,
      X_TARGET_WRONG_TOKEN: `${base}/wrong-token-of-the-kit`,
    },
  });
  for (const result of results) {
    await t.test(result.id, () => {
      assert.equal(result.outcome, 'passed', result.outcome === 'passed' ? '' : result.reason);
    });
  }
  assert.deepEqual(results.map(({ id }) => id).toSorted(), conformanceTests.map(({ id }) => id).toSorted());
  const flows = new Set(
    results.map(({ processId }) => flowName({ dialect: 'signaling', connector: 'kit', ids: { processId } })),
  );
  const jobs = await world.namespace.jobs();
  assert.deepEqual(
    jobs.map(({ metadata }) => metadata?.name).filter((name) => !flows.has(name ?? '')),
    [],
    'each Job belongs to the process of one test',
  );
});
