import { CommandError, readVersion } from './commands/command-line.ts';
import { messageOf, ServiceError } from './errors.ts';

type Command = (args: string[]) => Promise<void>;

/** Loaded on demand: a sidecar needs no memory for Koa, and `check` none for the cluster's client. */
const commands: Record<string, { summary: string; load: () => Promise<Command> }> = {
  serve: { summary: 'run the service', load: async () => (await import('./commands/serve.ts')).serveCommand },
  sidecar: {
    summary: 'upload the worker’s results (in a Job’s pod)',
    load: async () => (await import('./commands/sidecar.ts')).sidecarCommand,
  },
  dev: {
    summary: 'run the service with an embedded cluster and store until Ctrl-C',
    load: async () => (await import('./commands/dev.ts')).devCommand,
  },
  demo: {
    summary: 'run one flow from request to data, on this machine alone',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  run: {
    summary: 'start a job on a service, and wait for its results',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  jobs: {
    summary: 'list the jobs of a service',
    load: async () => (await import('./commands/jobs.ts')).jobsCommand,
  },
  job: {
    summary: 'look at a job, or follow it to its end',
    load: async () => (await import('./commands/job.ts')).jobCommand,
  },
  logs: {
    summary: 'print the log of a job, or follow it',
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  cancel: {
    summary: 'cancel a job',
    load: async () => (await import('./commands/cancel.ts')).cancelCommand,
  },
  retry: {
    summary: 'start a job that has ended again',
    load: async () => (await import('./commands/retry.ts')).retryCommand,
  },
  results: {
    summary: 'list or download the results of a job',
    load: async () => (await import('./commands/results.ts')).resultsCommand,
  },
  env: {
    summary: 'hand in the env file of an asset',
    load: async () => (await import('./commands/env.ts')).envCommand,
  },
  templates: {
    summary: 'list what a service can run',
    load: async () => (await import('./commands/templates.ts')).templatesCommand,
  },
  check: {
    summary: 'lint the templates',
    load: async () => (await import('./commands/check.ts')).checkCommand,
  },
  render: {
    summary: 'print what a template would create',
    load: async () => (await import('./commands/render.ts')).renderCommand,
  },
  'api-key': {
    summary: 'make a key of the API and its entry for the settings',
    load: async () => (await import('./commands/api-key.ts')).apiKeyCommand,
  },
  release: {
    summary: 'remove the finalizers from all Jobs and pods before an uninstall',
    load: async () => (await import('./commands/release.ts')).releaseCommand,
  },
};

/** Runs one command. An error is printed and becomes its exit code, else 1; that of a wrong command line is 2. The process ends when nothing is left to do. */
export async function main(argv: string[]): Promise<void> {
  const [name = 'help', ...args] = argv;
  if (name === '--version' || name === '-v' || name === 'version') {
    process.stdout.write(`${readVersion()}\n`);
    return;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    showUsage(name);
    return;
  }
  try {
    const run = await command.load();
    await run(args);
  } catch (error) {
    process.exitCode = error instanceof CommandError ? error.exitCode : 1;
    process.stderr.write(`edc-job-provisioner ${name}: ${describe(error)}\n`);
  }
}

function describe(error: unknown): string {
  // The image has no commands for a developer's machine.
  if (isMissingModule(error))
    return 'this command is not part of the image; run it from a checkout of the project';
  if (error instanceof ServiceError || !(error instanceof Error)) return messageOf(error);
  // An unexpected error: its origin helps more than its message.
  return error.stack ?? error.message;
}

function isMissingModule(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes('/src/')
  );
}

function showUsage(name: string): void {
  const wanted = ['help', '--help', '-h'].includes(name);
  (wanted ? process.stdout : process.stderr).write(usage(wanted ? undefined : name));
  process.exitCode = wanted ? 0 : 2;
}

function usage(unknown: string | undefined): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`);
  const complaint =
    unknown === undefined ? [] : [`"${unknown}" is not a command; expected one of those below.`, ''];
  const options = [
    '  --version print the version',
    '  --help    print this; with a command in front, its options and an example',
  ];
  const example = 'Example: edc-job-provisioner check --help';
  const usage = 'Usage: edc-job-provisioner <command> [options]';
  return [...complaint, usage, '', ...lines, '', ...options, '', example, ''].join('\n');
}
