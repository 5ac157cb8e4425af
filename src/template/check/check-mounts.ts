import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import { containersOf } from './check-containers.ts';
import type { JobContext } from './context.ts';

/** Mounts lead to volumes that exist, and none lies over, under or at a place that the service mounts. */
export function checkMounts(context: JobContext, problems: TemplateProblem[]): void {
  const { template, sources, sample } = context;
  const volumes = new Set((sample.spec?.template.spec?.volumes ?? []).map(({ name }) => name));
  const ours = ownMounts(context);
  for (const { container, path } of containersOf(context)) {
    const main = container.name === 'worker';
    for (const [index, { name, mountPath, subPath = '' }] of (container.volumeMounts ?? []).entries()) {
      const at = [...path, 'volumeMounts', index];
      const report = (reason: string): void => {
        problems.push(problemAt(sources.job, at, `${at.join('.')}: ${reason}`));
      };
      if (!volumes.has(name)) report(`"${name}" is not a volume of this Job`);
      if (subPath.split('/').includes('..'))
        report(`subPath: expected a path without .., received ${subPath}`);
      const other = main ? ours.find((place) => overlap(place, mountPath)) : undefined;
      if (other !== undefined) report(`${mountPath} collides with ${other}, which the service mounts`);
    }
  }
  const [results, files] = ours;
  if (results !== undefined && files !== undefined && overlap(results, files)) {
    const reason = `files.mountPath: ${template.filesMountPath} collides with results.directory ${results}`;
    problems.push(problemAt(sources.document, ['files', 'mountPath'], reason));
  }
}

function ownMounts({ template }: JobContext): string[] {
  const files = Object.keys(template.files).length > 0;
  return [template.results.directory, ...(files ? [template.filesMountPath] : [])];
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => `${path.replace(/\/+$/, '')}/`) as [string, string];
  return a.startsWith(b) || b.startsWith(a);
}
