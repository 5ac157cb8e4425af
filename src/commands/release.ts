import { ServiceError } from '../errors.ts';
import { connectCluster, type Cluster } from '../kubernetes/cluster.ts';
import { listOpenFlows, releaseFinalizers } from '../cluster-objects/release-finalizers.ts';
import { listenForInterruption } from './signals.ts';
import { readArguments } from './command-line.ts';
import { loadTemplateSettings } from './template-settings.ts';

const help = `Usage: edc-job-provisioner release [options]

Removes this service's finalizers from all its Jobs and pods. Run it before an uninstall, after the service has been stopped:
the deletion of a namespace waits until they are removed. Results and records stay in the bucket.

  --dry-run      print what would be released, and change nothing
  --force        also release flows that have not ended: their connectors get no callback
  --config FILE  settings (default: EDC_JP_CONFIG, else the environment); secrets are not needed
  --help         print this

Example: edc-job-provisioner release --dry-run
`;

export async function releaseCommand(args: string[]): Promise<void> {
  const read = readArguments('release', help, {
    args,
    options: {
      'dry-run': { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      config: { type: 'string' },
    },
  });
  if (read === undefined) return;
  const { values } = read;
  const settings = loadTemplateSettings(values.config).cluster;
  const cluster = await connectCluster(settings);
  try {
    using interruption = listenForInterruption();
    const dryRun = values['dry-run'];
    await refuseOpenFlows(cluster, { tolerated: values.force || dryRun }, interruption.signal);
    await release(cluster, { dryRun, namespace: settings.namespace }, interruption.signal);
  } finally {
    await cluster.close();
  }
}

async function refuseOpenFlows(
  cluster: Cluster,
  { tolerated }: { tolerated: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { length: open } = await listOpenFlows(cluster, signal);
  if (open === 0) return;
  const warning = `${open} ${open === 1 ? 'flow has' : 'flows have'} not ended: their connectors get no callback if they are released now`;
  if (!tolerated) {
    throw new ServiceError(
      'conflict',
      `${warning}.\nLet the service finish or cancel them, or release them with --force.`,
    );
  }
  process.stderr.write(`${warning}\n`);
}

async function release(
  cluster: Cluster,
  { dryRun, namespace }: { dryRun: boolean; namespace: string },
  signal: AbortSignal,
): Promise<void> {
  let count = 0;
  function onReleased(kind: 'Job' | 'Pod', name: string): void {
    count += 1;
    process.stdout.write(`${kind.toLowerCase()}/${name}${dryRun ? ' (dry run)' : ''}\n`);
  }
  await releaseFinalizers({ cluster, dryRun, onReleased }, signal);
  process.stderr.write(`${count} ${dryRun ? 'would be ' : ''}released in the namespace ${namespace}\n`);
}
