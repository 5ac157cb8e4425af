import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { DevFacts } from '../../src/demo/dev/describe-dev.ts';
import { startCommand } from '../support/command-process.ts';
import { needing } from '../support/needs.ts';

const run = promisify(execFile);

interface Tool {
  tool: string;
  env: (facts: DevFacts) => Record<string, string>;
  list: (facts: DevFacts) => string[];
}

const storeTools: Tool[] = [
  {
    tool: 'mc',
    env: ({ s3 }) => {
      const host = s3.endpoint.replace('http://', `http://${s3.accessKeyId}:${s3.secretAccessKey}@`);
      return { MC_HOST_dev: host };
    },
    list: ({ s3 }) => ['ls', '--recursive', `dev/${s3.bucket}`],
  },
  {
    tool: 'rclone',
    env: ({ s3 }) => ({
      RCLONE_S3_PROVIDER: 'Other',
      RCLONE_S3_ENDPOINT: s3.endpoint,
      RCLONE_S3_REGION: s3.region,
      RCLONE_S3_ACCESS_KEY_ID: s3.accessKeyId,
      RCLONE_S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }),
    list: ({ s3 }) => ['lsf', '--recursive', `:s3:${s3.bucket}`],
  },
  {
    tool: 'aws',
    env: ({ s3 }) => ({
      AWS_DEFAULT_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    }),
    list: ({ s3 }) => ['--endpoint-url', s3.endpoint, 's3', 'ls', '--recursive', `s3://${s3.bucket}`],
  },
];

for (const { tool, env, list } of storeTools) {
  test(`${tool} lists what a flow has stored`, toolNeeded(tool), async (t) => {
    const { facts, folder } = await startDev(t);
    const result = await fetch(`${facts.service}/demo/word-count`);
    assert.equal(result.status, 200);
    await result.body?.cancel();
    const { stdout } = await run(tool, list(facts), {
      env: { ...othersEnvironment(), HOME: folder, ...env(facts) },
      timeout: 60_000,
    });
    assert.match(stdout, /manifest\.json/);
  });
}

const byHand = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'by-hand' },
  spec: {
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'say', image: 'busybox:1.37', command: ['echo', 'by hand'] }],
      },
    },
  },
};

test('kubectl creates, shows, follows and deletes', toolNeeded('kubectl'), async (t) => {
  const { facts, folder } = await startDev(t);
  const result = await fetch(`${facts.service}/demo/word-count`);
  assert.equal(result.status, 200);
  await result.body?.cancel();
  async function kubectl(args: string, input = ''): Promise<string> {
    const common = ['--kubeconfig', facts.kubeconfig, '--namespace', facts.namespace];
    // A folder of its own, since it caches there what it knows of servers.
    const options = { env: { ...process.env, HOME: folder }, timeout: 60_000 };
    const call = run('kubectl', [...common, ...args.split(' ')], options);
    call.child.stdin?.end(input);
    return (await call).stdout;
  }
  assert.match(await kubectl('get jobs,pods'), /job\.batch\/flow-\w+ +Complete/);
  assert.match(await kubectl('describe job'), /edc-job-provisioner\/flow/);
  assert.match(await kubectl('create -f -', JSON.stringify(byHand)), /job\.batch\/by-hand created/);
  await kubectl('wait --for=condition=complete --timeout=50s job/by-hand');
  assert.equal(await kubectl('logs job/by-hand'), 'by hand\n');
  assert.match(await kubectl('delete job by-hand'), /"by-hand" deleted/);
  assert.doesNotMatch(await kubectl('get jobs'), /by-hand/);
});

/** What somebody has set for the real AWS would be taken for us. */
function othersEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
}

function toolNeeded(tool: string): { skip: string | false } {
  const { skip } = needing('embedded cluster');
  if (skip !== false) return { skip };
  const version = tool === 'kubectl' ? ['version', '--client'] : ['--version'];
  const isThere = spawnSync(tool, version, { stdio: 'ignore' }).status === 0;
  return { skip: !isThere && `${tool} is not on the PATH` };
}

async function startDev(t: TestContext): Promise<{ facts: DevFacts; folder: string }> {
  const dev = await startCommand(t, ['dev', '--json', '--port', '0']);
  const [line] = await dev.said(/^\{.*\}\n/);
  return { facts: JSON.parse(line) as DevFacts, folder: dev.folder };
}
