import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import {
  findEnvFileProblems,
  renderWithEnvFiles,
  type EnvFile,
  type EnvFileContent,
} from '../../../src/template/env-files.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import type { Template } from '../../../src/template/template.ts';
import { jobYaml, makeTemplates, templateSettings } from './template-folder.ts';

const yaml = `description: Takes env files.
parameters:
  properties:
    TICKS: { type: integer, minimum: 1, default: 10 }
    TOWN: { type: string, enum: [north, south], default: north }
    TOKEN: { type: string, writeOnly: true }
    CLIENT: { type: string, default: nobody, from: claims.client }
    CPUS: { type: integer, default: 1 }
assets:
  - { id: fixed, parameters: { TICKS: 7 } }
envFiles: ['*']
`;

async function load(envFiles = "['*']"): Promise<Template> {
  await using made = await makeTemplates({
    'template.yaml': yaml.replace("['*']", envFiles),
    'job.yaml': jobYaml.replace('cpu: 500m', 'cpu: ${CPUS}').replace('$(SIZE)', '$(TICKS)'),
    'job.env': 'PLAIN=default\nOTHER=kept\n',
  });
  const [template] = await loadTemplates(made.directory, templateSettings);
  assert.ok(template !== undefined);
  return template;
}

function file(values: Record<string, string>, members: Partial<EnvFile> = {}): EnvFile {
  return { owner: 'asset', version: 1, digest: 'd1', secret: false, values, ...members };
}

suite('env files of an asset', () => {
  test('all variables but placeholders may be set, and each problem names variable and expectation', async () => {
    const template = await load();
    assert.deepEqual(template.envFiles, ['TICKS', 'TOWN', 'TOKEN', 'CLIENT', 'PLAIN', 'OTHER']);
    function problems(
      values: Record<string, string>,
      more: Partial<EnvFileContent & { assetId: string }> = {},
    ) {
      const given = { owner: 'asset', secret: false, assetId: 'x', values, ...more } as const;
      return findEnvFileProblems(template, given).map(({ reason }) => reason);
    }
    assert.deepEqual(problems({ TICKS: '3', TOWN: 'south', PLAIN: 'x', CLIENT: 'me' }), []);
    assert.deepEqual(problems({ LD_PRELOAD: 'x', CPUS: '64' }), [
      'LD_PRELOAD: expected one of TICKS, TOWN, TOKEN, CLIENT, PLAIN, OTHER',
      'CPUS: expected one of TICKS, TOWN, TOKEN, CLIENT, PLAIN, OTHER',
    ]);
    assert.deepEqual(problems({ TICKS: 'many', TOWN: 'east' }), [
      'parameter TICKS: expected an integer from 1, received "many"',
      'parameter TOWN: expected one of "north", "south", received "east"',
    ]);
    assert.deepEqual(problems({ TOKEN: 'hush' }), [
      'TOKEN: is secret: expected a file that is marked as secret',
    ]);
    const hidden = problems({ TOKEN: 'hush', TOWN: 'a-secret-town' }, { secret: true });
    assert.equal(hidden.length, 1);
    assert.ok(!hidden.join().includes('a-secret-town'));
    assert.deepEqual(problems({ PLAIN: 'a\0b' }), ['PLAIN: expected text without NUL characters']);
  });

  test('a consumer’s file replaces neither what the asset fixes nor what the contract says', async () => {
    const template = await load();
    const values = { TICKS: '1', CLIENT: 'another' };
    const common = { secret: false, values } as const;
    const consumers = findEnvFileProblems(template, { ...common, owner: 'consumer', assetId: 'fixed' });
    assert.deepEqual(
      consumers.map(({ name }) => name),
      ['TICKS', 'CLIENT'],
    );
    const assets = findEnvFileProblems(template, { ...common, owner: 'asset', assetId: 'fixed' });
    assert.deepEqual(assets, []);
  });

  test('the consumer’s own file wins over the asset’s, and both over job.env and defaults', async () => {
    const template = await load();
    const rendered = renderWithEnvFiles(template, { assetId: 'x', parameters: {} }, [
      file({ TICKS: '2', PLAIN: 'asset' }),
      file({ TICKS: '3', TOWN: 'south' }, { owner: 'consumer', version: 4, digest: 'd4' }),
    ]);
    assert.deepEqual(rendered.environment, {
      ...{ PLAIN: 'asset', OTHER: 'kept', TICKS: '3', TOWN: 'south', CLIENT: 'nobody', CPUS: '1' },
    });
    assert.deepEqual(rendered.secretEnvironment, {});
    assert.deepEqual(rendered.envFiles, {
      asset: { version: 1, digest: 'd1' },
      consumer: { version: 4, digest: 'd4' },
    });
  });

  test('variables of a secret file are in the Secret alone, and another version has another one', async () => {
    const template = await load();
    const request = { assetId: 'x', parameters: {} };
    const first = renderWithEnvFiles(template, request, [
      file({ PLAIN: 'hush', TICKS: '5', TOKEN: 't' }, { secret: true }),
      file({ TICKS: '6' }, { owner: 'consumer' }),
    ]);
    assert.deepEqual(first.secretEnvironment, { PLAIN: 'hush', TOKEN: 't' });
    assert.equal(first.environment['PLAIN'], undefined);
    assert.equal(first.environment['TICKS'], '6');
    const second = renderWithEnvFiles(template, request, [
      file({ PLAIN: 'other' }, { secret: true, version: 2, digest: 'd2' }),
    ]);
    assert.notEqual(second.digest, first.digest);
  });

  test('a stored file that the template no longer takes is refused with its version', async () => {
    const template = await load('[TICKS]');
    assert.throws(
      () => renderWithEnvFiles(template, { assetId: 'x', parameters: {} }, [file({ TOWN: 'south' })]),
      (error) =>
        isServiceError(error, 'invalid-parameters') &&
        error.message === 'version 1 of the asset’s env file: TOWN: expected one of TICKS',
    );
  });

  test('a template cannot let env files set what it does not have, or a placeholder', async () => {
    await assert.rejects(load('[UNKNOWN, CPUS]'), (error) => {
      assert.ok(error instanceof Error);
      assert.match(
        error.message,
        /envFiles\.0: UNKNOWN: expected a parameter, a variable of job\.env, or \*/,
      );
      assert.match(error.message, /envFiles\.1: CPUS is a placeholder/);
      return true;
    });
  });
});
