import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildCredentialsSecret, buildParametersSecret } from '../../../src/cluster-objects/secrets.ts';
import { buildEnvironmentConfigMap, buildFilesConfigMap } from '../../../src/cluster-objects/config-maps.ts';
import { buildPlan } from '../../../src/cluster-objects/job.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { renderTemplate } from '../../../src/template/render-template.ts';
import type { Template } from '../../../src/template/template.ts';
import { makeTemplates, templateSettings, templateYaml, type Files } from '../template/template-folder.ts';

const flow = 'flow-abc';
const owner = { name: flow, uid: 'uid-1' };

async function load(files: Files): Promise<Template> {
  await using made = await makeTemplates(files);
  const [template] = await loadTemplates(made.directory, templateSettings);
  assert.ok(template !== undefined);
  return template;
}

function decode(data: Record<string, string> | undefined): Record<string, string> {
  const entries = Object.entries(data ?? {}).map(([name, value]) => [
    name,
    Buffer.from(value, 'base64').toString(),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

test('the environment belongs to the Job', () => {
  const { metadata, data } = buildEnvironmentConfigMap(flow, { A: '1' }, owner);
  assert.equal(metadata?.name, 'flow-abc-env');
  assert.deepEqual(metadata.ownerReferences, [
    { apiVersion: 'batch/v1', kind: 'Job', name: flow, uid: 'uid-1', controller: true },
  ]);
  assert.deepEqual(data, { A: '1' });
});

suite('credentials', () => {
  test('are four files of a Secret that belongs to the Job', () => {
    const credentials = {
      accessKeyId: 'id',
      secretAccessKey: 'key',
      sessionToken: 'token',
      expiration: '2026-01-01T00:00:00Z',
    };
    const { metadata, data } = buildCredentialsSecret(flow, credentials, owner);
    assert.equal(metadata?.name, 'flow-abc-store');
    assert.equal(metadata.ownerReferences?.[0]?.uid, 'uid-1');
    assert.deepEqual(decode(data), credentials);
  });

  test('without a session empty the files of one, which a patch would otherwise leave there', () => {
    const { data } = buildCredentialsSecret(flow, { accessKeyId: 'id', secretAccessKey: 'key' }, owner);
    assert.deepEqual(decode(data), {
      accessKeyId: 'id',
      secretAccessKey: 'key',
      sessionToken: '',
      expiration: '',
    });
  });
});

test('secret parameters have a Secret without an owner yet, labelled so that an orphan is found', () => {
  const { metadata, data } = buildParametersSecret(flow, {
    secretEnvironment: { TOKEN: 'hüsh' },
    digest: '0123456789abcdef',
  });
  assert.equal(metadata?.name, 'flow-abc-parameters-0123456789');
  assert.equal(metadata.ownerReferences, undefined);
  assert.equal(metadata.labels?.['edc-job-provisioner/flow'], flow);
  assert.deepEqual(decode(data), { TOKEN: 'hüsh' });
});

test('files are an immutable ConfigMap named by digest, text as text and bytes as bytes', async () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00]);
  const template = await load({ 'files/run.mjs': 'run("ü")', 'files/logo.png': bytes });
  const { metadata, immutable, data, binaryData } = buildFilesConfigMap(template);
  assert.equal(metadata?.name, `files-${template.digest.slice(0, 32)}`);
  assert.equal(metadata.ownerReferences, undefined);
  assert.equal(immutable, true);
  assert.deepEqual(data, { 'run.mjs': 'run("ü")' });
  assert.deepEqual(binaryData, { 'logo.png': bytes.toString('base64') });
});

suite('the plan', () => {
  test('holds what the event half needs of the template', async () => {
    const template = await load({
      'template.yaml': `${templateYaml}limits: { pending: 1m, run: 2m, upload: 3m, stopGrace: 4s }\nretention: 1d\n`,
      'files/run.mjs': 'run()',
    });
    const rendered = renderTemplate(template, { assetId: 'x', parameters: { TOKEN: 'hush' } });
    assert.deepEqual(buildPlan(flow, rendered), {
      template: 'sample',
      templateDigest: template.digest,
      image: 'node:24-slim',
      filesConfigMap: `files-${template.digest.slice(0, 32)}`,
      parametersSecret: `flow-abc-parameters-${rendered.digest.slice(0, 10)}`,
      results: { choice: { kind: 'file', path: 'out.json' }, address: 'service', required: ['out.json'] },
      limits: { pending: 60, run: 120, upload: 180, stopGrace: 4 },
      retention: 86_400,
    });
  });

  test('names no object that is not made', async () => {
    const plan = buildPlan(flow, renderTemplate(await load({}), { assetId: 'x', parameters: {} }));
    assert.equal(plan.filesConfigMap, undefined);
    assert.equal(plan.parametersSecret, undefined);
  });
});
