import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isServiceError } from '../../../src/errors.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { renderTemplate, type RenderRequest } from '../../../src/template/render-template.ts';
import type { RenderedTemplate, Template } from '../../../src/template/template.ts';
import { jobYaml, makeTemplates, templateSettings, templateYaml, type Files } from './template-folder.ts';

const placed: Files = {
  'template.yaml': `${templateYaml}assets:
  - id: 'urn:x:*'
    parameters: { SIZE: 7, NAME: pattern }
  - id: urn:x:exact
    parameters: { SIZE: 8 }
`,
  'job.yaml': jobYaml.replace('cpu: 500m', 'cpu: ${CPUS}').replace('image: node:24-slim', 'image: ${IMAGE}'),
  'job.env': 'NAME=from-file\nPLAIN=1\n',
};

async function load(files = placed): Promise<Template> {
  await using made = await makeTemplates(files);
  const [template] = await loadTemplates(made.directory, templateSettings);
  assert.ok(template !== undefined);
  return template;
}

async function render(request: Partial<RenderRequest>, files = placed): Promise<RenderedTemplate> {
  return renderTemplate(await load(files), { assetId: 'sample', parameters: {}, ...request });
}

async function refusal(
  request: Partial<RenderRequest>,
  files = placed,
): Promise<{ message: string; field: string | undefined }> {
  try {
    await render(request, files);
  } catch (error) {
    if (isServiceError(error, 'invalid-parameters')) return { message: error.message, field: error.field };
    throw error;
  }
  return assert.fail('it was rendered');
}

const defaults = { PLAIN: '1', SIZE: '2', CPUS: '0.5', IMAGE: 'node:24-slim', NAME: 'from-file' };

suite('the environment', () => {
  const rows: { name: string; request: Partial<RenderRequest>; expected: Record<string, string> }[] = [
    { name: 'is job.env and the defaults if nothing is asked for', request: {}, expected: defaults },
    {
      name: "takes an asset's parameters over job.env",
      request: { assetId: 'urn:x:1' },
      expected: { ...defaults, SIZE: '7', NAME: 'pattern' },
    },
    {
      name: "takes the exact asset's parameters, not the pattern's",
      request: { assetId: 'urn:x:exact' },
      expected: { ...defaults, SIZE: '8' },
    },
    {
      name: "takes an asset's env file over its parameters",
      request: { assetId: 'urn:x:1', environment: { NAME: 'env', OTHER: 'x' } },
      expected: { ...defaults, SIZE: '7', NAME: 'env', OTHER: 'x' },
    },
    {
      name: "takes the request's parameters over everything",
      request: { assetId: 'urn:x:1', environment: { NAME: 'env' }, parameters: { NAME: 'mine', SIZE: 9 } },
      expected: { ...defaults, NAME: 'mine', SIZE: '9' },
    },
    {
      name: 'takes text for numbers, as query strings and env files have nothing else',
      request: { parameters: { SIZE: '12', CPUS: '1.5' } },
      expected: { ...defaults, SIZE: '12', CPUS: '1.5' },
    },
  ];
  for (const { name, request, expected } of rows) {
    test(name, async () => {
      assert.deepEqual((await render(request)).environment, expected);
    });
  }

  test('never holds a secret parameter', async () => {
    const rendered = await render({ parameters: { TOKEN: 'hush' } });
    assert.deepEqual(rendered.secretEnvironment, { TOKEN: 'hush' });
    assert.deepEqual(rendered.environment, defaults);
    assert.ok(!JSON.stringify([rendered.job, rendered.environment]).includes('hush'));
  });
});

suite('placeholders', () => {
  test('become values of the parameter’s type', async () => {
    const rendered = await render({ parameters: { CPUS: 2, IMAGE: 'busybox:1.37' } });
    const worker = rendered.job.spec?.template.spec?.containers[0];
    assert.equal(worker?.resources?.limits?.['cpu'], 2);
    assert.equal(worker.image, 'busybox:1.37');
  });

  test('leave the template as it was', async () => {
    const template = await load();
    const before = structuredClone(template.job);
    renderTemplate(template, { assetId: 'sample', parameters: { CPUS: 2 } });
    assert.deepEqual(template.job, before);
  });

  test('are not looked for in values', async () => {
    const rendered = await render({ parameters: { NAME: '${CPUS} $(SIZE)' } });
    assert.equal(rendered.environment['NAME'], '${CPUS} $(SIZE)');
  });

  test('refuse a value that does not fit where the template puts it', async () => {
    const files = {
      ...placed,
      'template.yaml': templateYaml.replace(
        'CPUS: { type: number, default: 0.5 }',
        "CPUS: { type: string, default: '1' }",
      ),
    };
    const { message, field } = await refusal({ parameters: { CPUS: 'lots' } }, files);
    assert.equal(field, 'CPUS');
    assert.match(
      message,
      /^parameter CPUS: does not fit its place in the Job: .*resources\.limits\.cpu: expected a quantity.*received "lots"/,
    );
  });
});

suite('parameters are refused', () => {
  const rows: { name: string; parameters: Record<string, unknown>; message: string }[] = [
    {
      name: 'below the least',
      parameters: { SIZE: 0 },
      message: 'parameter SIZE: expected an integer from 1, received 0',
    },
    {
      name: 'of another type',
      parameters: { SIZE: 'many' },
      message: 'parameter SIZE: expected an integer from 1, received "many"',
    },
    {
      name: 'that are lists',
      parameters: { NAME: ['a'] },
      message: 'parameter NAME: expected a string, received ["a"]',
    },
    {
      name: 'outside the choices',
      parameters: { IMAGE: 'evil' },
      message: 'parameter IMAGE: expected one of "node:24-slim", "busybox:1.37", received "evil"',
    },
    {
      name: 'that the template does not have',
      parameters: { COUNT: 1 },
      message:
        'parameter COUNT: is not a parameter of this template; expected one of SIZE, CPUS, IMAGE, TOKEN, NAME',
    },
    {
      name: 'that are names of every object',
      parameters: { constructor: 'x' },
      message:
        'parameter constructor: is not a parameter of this template; expected one of SIZE, CPUS, IMAGE, TOKEN, NAME',
    },
    {
      name: 'with a NUL',
      parameters: { NAME: 'a\0b' },
      message: 'parameter NAME: expected text without NUL characters',
    },
    {
      name: 'that are secret without showing them',
      parameters: { TOKEN: 123_456 },
      message: 'parameter TOKEN: expected a string, received something else (its value is secret)',
    },
  ];
  for (const { name, parameters, message } of rows) {
    test(name, async () => {
      assert.equal((await refusal({ parameters })).message, message);
    });
  }

  test('all at once', async () => {
    const { message } = await refusal({ parameters: { SIZE: 0, NAME: 1 } });
    assert.match(message, /parameter SIZE: .*; parameter NAME: /);
  });

  test('if a required one is missing', async () => {
    const files = {
      ...placed,
      'template.yaml': templateYaml.replace('results:', '  required: [TOKEN]\nresults:'),
    };
    assert.deepEqual(await refusal({}, files), {
      message: 'parameter TOKEN: expected a string, received nothing',
      field: 'TOKEN',
    });
  });

  test('above what a ConfigMap can hold', async () => {
    const { message } = await refusal({ parameters: { NAME: 'x'.repeat(1_000_000) } });
    assert.match(message, /^the environment: expected at most 1000000 bytes/);
  });
});
