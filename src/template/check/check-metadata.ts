import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import type { JobContext } from './context.ts';

/** Labels and annotations by which the service, or the cluster's security, is steered. */
const reserved =
  /^(edc-job-provisioner\/|app\.kubernetes\.io\/managed-by$|([\w.-]*\.)?(apparmor|seccomp)\.security\.)/;
/** Beside what the service keeps in annotations, which 256 KiB must hold together. */
const annotationsLimitBytes = 16 * 1024;

export function checkMarks({ sample, sources }: JobContext, problems: TemplateProblem[]): void {
  const places = [
    { path: ['metadata'], metadata: sample.metadata },
    { path: ['spec', 'template', 'metadata'], metadata: sample.spec?.template.metadata },
  ];
  for (const { path, metadata } of places) {
    for (const kind of ['labels', 'annotations'] as const) {
      for (const name of Object.keys(metadata?.[kind] ?? {}).filter((one) => reserved.test(one))) {
        const at = [...path, kind, name];
        problems.push(problemAt(sources.job, at, `${at.join('.')}: is not for a template to set`));
      }
    }
    const bytes = Buffer.byteLength(JSON.stringify(metadata?.annotations ?? {}));
    if (bytes > annotationsLimitBytes) {
      const at = [...path, 'annotations'];
      problems.push(
        problemAt(
          sources.job,
          at,
          `${at.join('.')}: expected at most ${annotationsLimitBytes} bytes, received ${bytes}`,
        ),
      );
    }
  }
}
