import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { isServiceError } from '../../../src/errors.ts';
import { describeProblem, loadTemplates, readTemplates } from '../../../src/template/load-templates.ts';
import { renderTemplate } from '../../../src/template/render-template.ts';
import type { Template } from '../../../src/template/template.ts';
import { jobYaml, makeTemplates, templateSettings, templateYaml, type Files } from './template-folder.ts';

async function load(files: Files, settings = templateSettings): Promise<Template> {
  await using made = await makeTemplates(files);
  const [template] = await loadTemplates(made.directory, settings);
  assert.ok(template !== undefined);
  return template;
}

async function problemsOf(
  files: Files,
  { name = 'sample', settings = templateSettings } = {},
): Promise<string[]> {
  await using made = await makeTemplates(files, name);
  const { templates, problems } = await readTemplates(made.directory, settings);
  assert.ok(problems.length === 0 || templates.length === 0, 'a template with problems is not handed out');
  return problems.map((problem) =>
    describeProblem(problem).replaceAll(`${made.folder}/`, '').replaceAll(made.folder, '.'),
  );
}

suite('a good template', () => {
  test('gets the defaults of everything that it leaves out', async () => {
    const template = await load({
      'template.yaml': 'description: Short.\n',
      'job.yaml': jobYaml.replace('$(SIZE)', '"2"'),
    });
    const { job, digest, directory, ...rest } = template;
    assert.deepEqual(rest, {
      name: 'sample',
      description: 'Short.',
      assets: [],
      parameters: { type: 'object', properties: {}, required: [] },
      fromContract: {},
      inputs: [],
      environment: {},
      envFiles: [],
      files: {},
      filesMountPath: '/opt/template',
      results: {
        directory: '/results',
        choice: { kind: 'auto', archive: 'zip' },
        archive: 'zip',
        required: [],
        storage: { size: '1Gi' },
        releaseAfterUpload: false,
        allowEmpty: false,
      },
      address: 'service',
      start: 'when-ready',
      limits: { pending: 3600, run: 21_600, upload: 600, stopGrace: 30 },
      retention: 604_800,
      security: { runAsUser: 1001 },
      egress: 'store',
      gpu: 0,
      pullSecrets: [],
    });
    assert.equal(job.spec?.template.spec?.containers[0]?.name, 'worker');
    assert.match(digest, /^[0-9a-f]{64}$/);
    assert.ok(directory.endsWith('/sample'));
  });

  test('keeps everything that it says', async () => {
    const template = await load({
      'template.yaml': `description: Long.
assets: [{ id: 'urn:x:1', parameters: { SIZE: 3 } }, { id: plain }]
parameters:
  type: object
  properties: { SIZE: { type: integer, default: 1 } }
  required: [SIZE]
results:
  directory: /data/out/
  file: deep/video.mkv
  contentType: video/x-matroska
  required: [log.txt]
  storage: { size: 20Gi, storageClass: fast }
  releaseAfterUpload: true
dataAddress: presigned
limits: { pending: 90s, run: 1h30m, upload: 1000, stopGrace: 1m }
retention: 2d
files: { mountPath: /scripts }
security: { runAsUser: 4711 }
egress: partners
gpu: 2
pullSecrets: [other-registry]
`,
      'files/run.mjs': 'run()\n',
      'job.env': 'A=1\nB="two words"\n# a comment\n',
    });
    assert.deepEqual(template.assets, [
      { id: 'urn:x:1', parameters: { SIZE: 3 } },
      { id: 'plain', parameters: {} },
    ]);
    assert.deepEqual(template.results, {
      directory: '/data/out',
      choice: { kind: 'file', path: 'deep/video.mkv' },
      archive: 'zip',
      required: ['log.txt', 'deep/video.mkv'],
      contentType: 'video/x-matroska',
      storage: { size: '20Gi', storageClass: 'fast' },
      releaseAfterUpload: true,
      allowEmpty: false,
    });
    assert.deepEqual(template.limits, { pending: 90, run: 5400, upload: 1000, stopGrace: 60 });
    assert.equal(template.retention, 172_800);
    assert.deepEqual(template.environment, { A: '1', B: 'two words' });
    assert.deepEqual(template.files, { 'run.mjs': Buffer.from('run()\n') });
    assert.deepEqual(
      [template.address, template.filesMountPath, template.egress, template.gpu, template.pullSecrets],
      ['presigned', '/scripts', 'partners', 2, ['other-registry']],
    );
    assert.equal(template.security.runAsUser, 4711);
  });

  test('may use every volume that is allowed', async () => {
    const volumes = `      volumes:
        - { name: scratch, emptyDir: { sizeLimit: 1Gi } }
        - { name: settings, configMap: { name: my-settings } }
        - { name: large, ephemeral: { volumeClaimTemplate: { spec: { accessModes: [ReadWriteOnce], storageClassName: fast, resources: { requests: { storage: 5Gi } } } } } }
        - { name: key, secret: { secretName: licence } }
        - { name: maps, persistentVolumeClaim: { claimName: maps } }
`;
    assert.deepEqual(await problemsOf({ 'job.yaml': jobYaml + volumes }), []);
  });

  test('has a digest that follows every file and nothing else', async () => {
    const files = { 'job.env': 'A=1\n', 'files/run.mjs': 'run()\n' };
    const { digest } = await load(files);
    assert.equal((await load({ ...files, 'README.md': 'for people' })).digest, digest);
    const changes: Files[] = [
      { 'job.env': 'A=2\n' },
      { 'files/run.mjs': 'run(1)\n' },
      { 'files/run.mjs': undefined, 'files/walk.mjs': 'run()\n' },
      { 'template.yaml': templateYaml.replace('default: 2', 'default: 3') },
      { 'job.yaml': jobYaml.replace('500m', '600m') },
    ];
    const digests = await Promise.all(
      changes.map(async (change) => (await load({ ...files, ...change })).digest),
    );
    assert.equal(new Set([digest, ...digests]).size, changes.length + 1);
  });

  test('may have a parameter that is named like a member of every object', async () => {
    const properties = 'constructor: { type: string, default: x }\n    toString: { type: integer }';
    const template = await load({
      'template.yaml': templateYaml.replace('    NAME:', `    ${properties}\n    NAME:`),
    });
    assert.deepEqual(template.parameters.properties['constructor'], { type: 'string', default: 'x' });
    const rendered = renderTemplate(template, { assetId: 'x', parameters: { toString: '3' } });
    assert.deepEqual(
      Object.entries(rendered.environment).filter(([name]) => /^(constructor|toString)$/.test(name)),
      [
        ['constructor', 'x'],
        ['toString', '3'],
      ],
    );
  });

  test('may have shared memory, and values that an alias repeats', async () => {
    const mount = 'volumeMounts: [{ name: memory, mountPath: /dev/shm }]';
    const volume = 'volumes: [{ name: memory, emptyDir: { medium: Memory, sizeLimit: 1Gi } }]';
    const requests = '            requests: *limits\n';
    const job = jobYaml.replace('limits:', 'limits: &limits');
    const files = { 'job.yaml': `${job}${requests}          ${mount}\n      ${volume}\n` };
    assert.deepEqual(await problemsOf(files), []);
  });

  test('may be a link among files that are none, as in a mounted folder', async (t) => {
    await using made = await makeTemplates({});
    const directory = await mkdtemp(join(tmpdir(), 'linked-'));
    t.after(() => rm(directory, { recursive: true }));
    await symlink(made.folder, join(directory, 'linked'));
    await writeFile(join(directory, 'README.md'), 'for people');
    const templates = await loadTemplates(directory, templateSettings);
    assert.deepEqual(
      templates.map(({ name }) => name),
      ['linked'],
    );
  });
});

suite('shorthand', () => {
  function shorthand(conf: string, env = 'TEXT=hello\n'): Files {
    return {
      'template.yaml': undefined,
      'job.yaml': undefined,
      'job-conf.env': conf,
      'job.env': env,
    };
  }

  test('job.env and job-conf.env are a complete template', async () => {
    const conf = `WORKER_IMAGE=busybox:1.37\nGPU=true\nRESULT_DIRECTORY=/out\nCOMMAND=sh -c 'echo "$TEXT" > /out/a b'\n`;
    const template = await load(shorthand(conf));
    const worker = template.job.spec?.template.spec?.containers[0];
    assert.equal(worker?.image, 'busybox:1.37');
    assert.deepEqual(worker.command, ['sh', '-c', 'echo "$TEXT" > /out/a b']);
    assert.equal(template.gpu, 1);
    assert.equal(template.results.directory, '/out');
    assert.deepEqual(template.environment, { TEXT: 'hello' });
    assert.deepEqual(template.parameters.properties, { TEXT: { type: 'string' } });
  });

  test('may allow a worker that writes nothing', async () => {
    const conf = 'WORKER_IMAGE=busybox:1.37\nALLOW_EMPTY=true\n';
    assert.equal((await load(shorthand(conf))).results.allowEmpty, true);
    assert.equal((await load(shorthand('WORKER_IMAGE=busybox:1.37\n'))).results.allowEmpty, false);
  });

  const bad = [
    {
      name: 'what is no answer to whether nothing is allowed',
      conf: 'WORKER_IMAGE=busybox:1.37\nALLOW_EMPTY=maybe\n',
      problem: 'job-conf.env:2: ALLOW_EMPTY: expected true or false, received "maybe"',
    },
    {
      name: 'no image',
      conf: 'GPU=false\n',
      problem: 'job-conf.env: WORKER_IMAGE: expected the name of an image, received nothing',
    },
    {
      name: 'an unknown member',
      conf: 'WORKER_IMAGE=busybox:1.37\nGPUS=1\n',
      problem:
        'job-conf.env:2: GPUS: expected one of WORKER_IMAGE, GPU, RESULT_DIRECTORY, ALLOW_EMPTY, ENV_FILES, COMMAND',
    },
    {
      name: 'GPU that is no number',
      conf: 'WORKER_IMAGE=busybox:1.37\nGPU=some\n',
      problem: 'job-conf.env:2: GPU: expected true, false or a number of GPUs from 0 to 64, received "some"',
    },
    ...['65', '99', '99999', '-1', '1.5', '1e1'].map((count) => ({
      name: `GPU=${count}`,
      conf: `WORKER_IMAGE=busybox:1.37\nGPU=${count}\n`,
      problem: `job-conf.env:2: GPU: expected true, false or a number of GPUs from 0 to 64, received "${count}"`,
    })),
    {
      name: 'an open quote',
      conf: "WORKER_IMAGE=busybox:1.37\nCOMMAND=sh -c 'x\n",
      problem: 'job-conf.env:2: COMMAND: expected words as in a shell, received an open quote',
    },
    {
      name: 'an image that is not allowed',
      conf: '\nWORKER_IMAGE=evil\n',
      problem:
        'job-conf.env:2: spec.template.spec.containers.0.image: "evil" is not among images.allow of the configuration',
    },
    {
      name: 'a reference in a script',
      conf: "WORKER_IMAGE=busybox:1.37\nCOMMAND=sh -c 'echo $(TEXT)'\n",
      problem: /^job-conf.env:2: .*\$\(TEXT\) inside the text of a program/,
    },
    {
      name: 'results at a path that is relative',
      conf: 'WORKER_IMAGE=busybox:1.37\nRESULT_DIRECTORY=results\n',
      problem:
        'job-conf.env:2: results.directory: expected an absolute path without ., .., : and $, received "results"',
    },
    {
      name: 'an open quote at the start of a value',
      conf: 'WORKER_IMAGE="busybox:1.37\n',
      problem:
        'job-conf.env:1: WORKER_IMAGE: expected a closing ": the value starts with this quote and does not end with it',
    },
    {
      name: 'results over the system',
      conf: 'WORKER_IMAGE=busybox:1.37\nRESULT_DIRECTORY=/etc\n',
      problem: 'job-conf.env:2: results.directory: expected a folder of its own, received /etc',
    },
  ];
  for (const { name, conf, problem } of bad) {
    test(`refuses ${name}`, async () => {
      const [first = '', ...others] = await problemsOf(shorthand(conf));
      if (problem instanceof RegExp) assert.match(first, problem);
      else assert.equal(first, problem);
      assert.deepEqual(others, []);
    });
  }

  test('cannot stand beside the files that it stands for', async () => {
    const found = await problemsOf({ 'job-conf.env': 'WORKER_IMAGE=busybox:1.37\n' });
    assert.deepEqual(found, ['job-conf.env: replaces template.yaml and job.yaml and cannot be beside them']);
  });
});

suite('what a connector asks for', () => {
  const required = templateYaml.replace('results:', '  required: [TOKEN]\nresults:');
  const noValue = /template\.yaml:12: warning: parameters\.required\.0: TOKEN has no value for a connector/;

  test('warns of a required secret that nothing gives a value, and uses the template', async () => {
    await using made = await makeTemplates({ 'template.yaml': required });
    const { templates, problems } = await readTemplates(made.directory, templateSettings);
    assert.equal(templates.length, 1);
    assert.match(problems.map(describeProblem).join(), noValue);
    const warnings: string[] = [];
    const loaded = await loadTemplates(made.directory, templateSettings, (line) => warnings.push(line));
    assert.equal(loaded.length, 1);
    assert.match(warnings.join(), noValue);
  });

  test('warns of each asset that lacks a required parameter', async () => {
    const assets = `assets:\n  - { id: open, parameters: { TOKEN: x } }\n  - id: shut\n`;
    assert.deepEqual(await warningsOf({ 'template.yaml': required + assets }), [
      'template.yaml:18: warning: assets.1: "shut" cannot be served: the required parameter TOKEN has no value; give it one in assets[].parameters or in job.env',
    ]);
  });

  const sources = [
    { name: 'job.env', files: { 'template.yaml': required, 'job.env': 'TOKEN=x\n' } },
    { name: 'a default', files: { 'template.yaml': required.replace('[TOKEN]', '[SIZE]') } },
    {
      name: 'the contract of a connector',
      files: {
        'template.yaml': required
          .replace('[TOKEN]', '[NAME]')
          .replace('NAME: { type: string }', 'NAME: { type: string, from: metadata.name }'),
      },
    },
    {
      name: 'every asset',
      files: { 'template.yaml': `${required}assets: [{ id: a, parameters: { TOKEN: x } }]\n` },
    },
  ];
  for (const { name, files } of sources) {
    test(`warns of nothing if ${name} gives the value`, async () => {
      assert.deepEqual(await warningsOf(files), []);
    });
  }

  async function warningsOf(files: Files): Promise<string[]> {
    await using made = await makeTemplates(files);
    const { problems } = await readTemplates(made.directory, templateSettings);
    return problems.map((problem) => describeProblem(problem).replace(`${made.folder}/`, ''));
  }
});

suite('a start', () => {
  test('is refused with every problem of every template at once', async () => {
    await using made = await makeTemplates({
      'template.yaml': templateYaml.replace('type: integer', 'type: int'),
      'job.env': 'what is this\n',
    });
    await assert.rejects(loadTemplates(made.directory, templateSettings), (error) => {
      assert.ok(isServiceError(error, 'invalid-template'));
      assert.match(error.message, /sample\/job\.env:1: expected NAME=value/);
      assert.match(
        error.message,
        /sample\/template\.yaml:5: parameters\.properties\.SIZE\.type: expected one of string/,
      );
      return true;
    });
  });

  test('is refused with a folder that holds no template, or one that cannot be read beside others', async () => {
    await using made = await makeTemplates({});
    await rm(made.folder, { recursive: true });
    await assert.rejects(loadTemplates(made.directory, templateSettings), /: holds no template; expected/);
    await using other = await makeTemplates({ 'job.env': 'B' });
    await symlink('/nowhere/at/all', join(other.directory, 'dangling'));
    const { problems } = await readTemplates(other.directory, templateSettings);
    assert.deepEqual(
      problems.map((problem) => describeProblem(problem).replace(`${other.directory}/`, '').slice(0, 24)),
      ['dangling: cannot be read', 'sample/job.env:1: expect'],
    );
  });

  test('takes one template’s own folder for that template', async () => {
    await using made = await makeTemplates({ 'files/run.mjs': 'run()\n' });
    const [one] = await loadTemplates(made.folder, templateSettings);
    const [same] = await loadTemplates(made.directory, templateSettings);
    assert.equal(one?.name, 'sample');
    assert.equal(one.digest, same?.digest);
  });

  test('is refused with a pipe for a file, without waiting for a writer', async () => {
    await using made = await makeTemplates({ 'template.yaml': undefined, 'files/x': '' });
    for (const name of ['template.yaml', 'files/pipe'])
      await promisify(execFile)('mkfifo', [join(made.folder, name)]);
    const { problems } = await readTemplates(made.directory, templateSettings);
    assert.deepEqual(
      problems.map((problem) => describeProblem(problem).replace(`${made.folder}/`, '')).slice(0, 2),
      ['files/pipe: expected a file: a ConfigMap has no folders', 'template.yaml: expected a regular file'],
    );
  });

  test('is refused without a folder of templates', async () => {
    await assert.rejects(
      loadTemplates('/nowhere/at/all', templateSettings),
      /\/nowhere\/at\/all: expected a folder of templates/,
    );
  });

  test('is refused if keys of the store would not outlive the upload', async () => {
    function upload(seconds: number): Files {
      return {
        'template.yaml': `${templateYaml}limits:\n  run: 60\n  upload: ${seconds}\n`,
      };
    }
    assert.deepEqual(await problemsOf(upload(2219)), []);
    const [found = ''] = await problemsOf(upload(2220));
    assert.match(
      found,
      /^template\.yaml:17: limits\.upload: expected less than 2220 s, received 2220 s: the store's keys live 3600 s/,
    );
    const settings = {
      ...templateSettings,
      store: { ...templateSettings.store, credentials: 'static' as const },
    };
    assert.deepEqual(await problemsOf(upload(2220), { settings }), []);
  });
});
