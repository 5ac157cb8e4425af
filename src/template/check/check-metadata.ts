import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import type { JobContext } from './context.ts';

/** Labels and annotations that control the service or the cluster's security. */
const reserved =
  /^(edc-job-provisioner\/|app\.kubernetes\.io\/managed-by$|([\w.-]*\.)?(apparmor|seccomp)\.security\.)/;
/** The service's own annotations share the limit of 256 KiB. */
const annotationsLimitBytes = 16 * 1024;

export function checkMetadata({ sample, sources }: JobContext, problems: TemplateProblem[]): void {
  const places = [
    { path: ['metadata'], metadata: sample.metadata },
    { path: ['spec', 'template', 'metadata'], metadata: sample.spec?.template.metadata },
  ];
  for (const { path, metadata } of places) {
    for (const kind of ['labels', 'annotations'] as const) {
      for (const name of Object.keys(metadata?.[kind] ?? {}).filter((one) => reserved.test(one))) {
        const at = [...path, kind, name];
        problems.push(problemAt(sources.job, at, `${at.join('.')}: cannot be set by a template`));
      }
    }
    const bytes = Buffer.byteLength(JSON.stringify(metadata?.annotations ?? {}));
    if (bytes > annotationsLimitBytes) {
      const at = [...path, 'annotations'];
      const reason = `${at.join('.')}: expected at most ${annotationsLimitBytes} bytes, received ${bytes}`;
      problems.push(problemAt(sources.job, at, reason));
    }
  }
}
