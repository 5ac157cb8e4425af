import type { Job } from '../../kubernetes/types.ts';
import type { Report } from '../read/source.ts';
import { reportBelow, type JobContext } from './context.ts';

/** Labels and annotations that control the service or the cluster's security. */
const reserved =
  /^(edc-job-provisioner\/|app\.kubernetes\.io\/managed-by$|([\w.-]*\.)?(apparmor|seccomp)\.security\.)/;
/** The service's own annotations share the limit of 256 KiB. */
const annotationsLimitBytes = 16 * 1024;

export function checkMetadata(context: JobContext): void {
  const { sample } = context;
  checkPlace(sample.metadata, reportBelow(['metadata'], context));
  checkPlace(sample.spec?.template.metadata, reportBelow(['spec', 'template', 'metadata'], context));
}

function checkPlace(metadata: Job['metadata'], report: Report): void {
  for (const kind of ['labels', 'annotations'] as const) {
    for (const name of Object.keys(metadata?.[kind] ?? {}).filter((one) => reserved.test(one)))
      report([kind, name], 'cannot be set by a template');
  }
  const bytes = Buffer.byteLength(JSON.stringify(metadata?.annotations ?? {}));
  if (bytes > annotationsLimitBytes)
    report(['annotations'], `expected at most ${annotationsLimitBytes} bytes, received ${bytes}`);
}
