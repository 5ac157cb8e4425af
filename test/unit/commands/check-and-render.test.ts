import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { jobYaml, makeTemplates, templateYaml } from '../template/template-folder.ts';

const bin = new URL('../../../bin/edc-job-provisioner.js', import.meta.url).pathname;
const project = new URL('../../..', import.meta.url).pathname;

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** As an operator runs it, without any configuration. */
async function run(...args: string[]): Promise<Ended> {
  return await new Promise((resolve) => {
    const options = { cwd: project, env: { PATH: process.env['PATH'] } };
    const child = execFile(process.execPath, [bin, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

interface Rendered {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  stringData?: Record<string, string>;
  spec?: { suspend: boolean };
}

function documentsOf(text: string): Rendered[] {
  return parseAllDocuments(text).map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS() as Rendered;
  });
}

suite('check', () => {
  test('finds nothing wrong with the templates of this project', async () => {
    const { code, stdout, stderr } = await run('check');
    assert.deepEqual({ code, stdout }, { code: 0, stdout: '' });
    assert.match(
      stderr,
      /^no problems in seattle-weather, simulator-recording, task, transcode, word-count$/m,
    );
  });

  test('prints file, line and reason of every problem, and fails', async () => {
    await using made = await makeTemplates({
      'template.yaml': templateYaml.replace('default: 2', 'default: 0'),
      'job.yaml': jobYaml.replace('Never', 'Always'),
    });
    const { code, stdout } = await run('check', made.directory);
    assert.equal(code, 1);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(': ')[0]),
      [`${made.folder}/job.yaml:8`, `${made.folder}/template.yaml:4`],
    );
  });
});

suite('the folder to check', () => {
  test('may be one template’s own', async () => {
    await using made = await makeTemplates({ 'job.yaml': jobYaml.replace('Never', 'Always') });
    const wrong = await run('check', made.folder);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stdout, /sample\/job\.yaml:8: /);
    const right = await run('check', 'jobs-templates/word-count');
    assert.deepEqual(right, { code: 0, stdout: '', stderr: 'no problems in word-count\n' });
  });

  test('has to be there and to hold templates', async () => {
    await using made = await makeTemplates({});
    await rm(made.folder, { recursive: true });
    for (const [path, problem] of [
      ['/nowhere/at/all', /^\/nowhere\/at\/all: expected a folder of templates: ENOENT/],
      ['package.json', /^package\.json: expected a folder of templates: ENOTDIR/],
      [made.directory, /: holds no template; expected folders with template\.yaml and job\.yaml/],
    ] as const) {
      const { code, stdout, stderr } = await run('check', path);
      assert.deepEqual({ code, stderr }, { code: 1, stderr: '' });
      assert.match(stdout, problem);
    }
  });

  test('may hold no template whose data address a configured connector cannot get', async () => {
    await using made = await makeTemplates({
      'template.yaml': `${templateYaml}dataAddress: s3\n`,
      '../settings.yaml': `store: { endpoint: 'http://store', bucket: results }
connectors:
  - { name: provider, callbackPrefix: 'http://edc/callback' }
  - { name: plane, dialect: signaling, callbackPrefix: 'http://edc/control', profiles: [AmazonS3-PULL] }
`,
    });
    const { code, stdout } = await run(
      ...['check', made.directory, '--config', join(made.directory, 'settings.yaml')],
    );
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^\S+\/sample\/template\.yaml: dataAddress: expected one of service, presigned, the kinds that connector "provider" \(control-plane\) can get, received s3, since [^\n]*\n$/,
    );
  });

  test('fails for no warning', async () => {
    await using made = await makeTemplates({
      'template.yaml': templateYaml.replace('results:', '  required: [TOKEN]\nresults:'),
    });
    const { code, stdout, stderr } = await run('check', made.directory);
    assert.equal(code, 0);
    assert.match(stdout, /template\.yaml:12: warning: parameters\.required\.0: TOKEN has no value/);
    assert.equal(stderr, 'only warnings in sample\n');
  });
});

suite('check with a contract', () => {
  const files = {
    'template.yaml': `${templateYaml.replace('minimum: 1', 'minimum: 1\n      from: metadata.size')}assets:
  - id: open
  - { id: fixed, parameters: { SIZE: 3 } }
`,
  };

  test('fails for each asset that it would not be accepted for', async () => {
    await using made = await makeTemplates(files);
    const { code, stdout } = await run('check', made.directory, '--metadata', '{"size": 0}');
    assert.equal(code, 1);
    assert.equal(
      stdout,
      `${made.folder}/template.yaml: the asset "open" would be refused: metadata.size: expected an integer from 1, received a number (not shown), for the parameter SIZE of template sample\n`,
    );
  });

  test('finds nothing wrong with one that fits, or that the template takes nothing from', async () => {
    await using made = await makeTemplates(files);
    for (const args of [
      ['--metadata', '{"size": "4", "other": []}'],
      ['--claims', '{"size": 0}'],
    ]) {
      const { code, stdout, stderr } = await run('check', made.directory, ...args);
      assert.deepEqual([code, stdout, stderr], [0, '', 'no problems in sample\n']);
    }
  });
});

suite('render', () => {
  test('prints what would be created, in the order of creation', async () => {
    await using made = await makeTemplates({ 'files/run.mjs': 'run()' });
    const { code, stdout } = await run(
      'render',
      'sample',
      '--templates',
      made.directory,
      '--param',
      'SIZE=5',
      '--param',
      'TOKEN=hush',
    );
    assert.equal(code, 0);
    const objects = documentsOf(stdout);
    assert.deepEqual(
      objects.map(({ kind, metadata }) => [kind, metadata.name.replace(/[0-9a-f]{10,32}$/, 'DIGEST')]),
      [
        ['ConfigMap', 'files-DIGEST'],
        ['Secret', 'flow-example-parameters-DIGEST'],
        ['Job', 'flow-example'],
        ['ConfigMap', 'flow-example-env'],
        ['Secret', 'flow-example-store'],
      ],
    );
    assert.equal(objects[2]?.spec?.suspend, true);
    assert.equal(objects[3]?.data?.['SIZE'], '5');
  });

  test('shows no secret', async () => {
    await using made = await makeTemplates({});
    const { stdout } = await run('render', 'sample', '--templates', made.directory, '--param', 'TOKEN=hush');
    assert.ok(!stdout.includes('hush'));
    assert.ok(!stdout.includes(Buffer.from('hush').toString('base64')));
    assert.deepEqual(documentsOf(stdout)[0]?.stringData, { TOKEN: '<secret>' });
  });

  test("uses an asset's parameters", async () => {
    const { stdout } = await run('render', 'seattle-weather', '--asset', 'urn:example:seattle-weather:2013');
    assert.equal(documentsOf(stdout).at(-2)?.data?.['YEAR'], '2013');
  });

  test('takes parameters from metadata, in the arguments or in a file', async () => {
    await using made = await makeTemplates({ 'files/start.json': '{ "year": 2012.0 }' });
    for (const [given, year] of [
      ['{"year": "2014"}', '2014'],
      [`@${made.folder}/files/start.json`, '2012'],
    ] as const) {
      const { stdout } = await run('render', 'seattle-weather', '--metadata', given, '--claims', '{}');
      assert.equal(documentsOf(stdout).at(-2)?.data?.['YEAR'], year);
    }
  });

  test('takes no parameter from metadata that the asset sets', async () => {
    const asset = 'urn:example:seattle-weather:2013';
    const { stdout } = await run(
      ...['render', 'seattle-weather', '--asset', asset, '--metadata', '{"year": 2014}'],
    );
    assert.equal(documentsOf(stdout).at(-2)?.data?.['YEAR'], '2013');
  });

  const refused = [
    {
      name: 'metadata that does not fit its parameter',
      args: ['seattle-weather', '--metadata', '{"year": 1999}'],
      message:
        /metadata\.year: expected an integer from 2012 up to 2015, received a number \(not shown\), for the parameter YEAR of template seattle-weather/,
    },
    {
      name: 'metadata that is no object',
      args: ['seattle-weather', '--metadata', '[2014]'],
      code: 2,
      message: /--metadata: expected a JSON object, or @FILE with one$/m,
    },
    {
      name: 'claims that are not JSON',
      args: ['seattle-weather', '--claims', '{year: 2014}'],
      code: 2,
      message: /--claims: expected a JSON object, or @FILE with one: .*JSON/,
    },
    {
      name: 'claims in a file that does not exist',
      args: ['seattle-weather', '--claims', '@/nowhere.json'],
      code: 2,
      message: /--claims: expected a JSON object, or @FILE with one: ENOENT/,
    },
    {
      name: 'a wrong parameter',
      args: ['seattle-weather', '--param', 'YEAR=1999'],
      message: /parameter YEAR: expected an integer from 2012 up to 2015, received 1999/,
    },
    {
      name: 'a parameter without a value',
      args: ['seattle-weather', '--param', 'YEAR'],
      code: 2,
      message: /--param: expected NAME=VALUE, received "YEAR"/,
    },
    {
      name: 'an unknown template',
      args: ['other'],
      message:
        /there is no template "other"; expected one of seattle-weather, simulator-recording, task, transcode, word-count/,
    },
    {
      name: 'no template',
      args: [],
      code: 2,
      message: /received none\nSee edc-job-provisioner render --help/,
    },
  ];
  for (const { name, args, code = 1, message } of refused) {
    test(`refuses ${name}`, async () => {
      const refusal = await run('render', ...args);
      assert.deepEqual([refusal.code, refusal.stdout], [code, '']);
      assert.match(refusal.stderr, message);
    });
  }
});
