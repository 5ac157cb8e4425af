import { ServiceError } from '../../../../errors.ts';
import type { RenderedTemplate } from '../../../../template/template.ts';

/** Controllers and queues of the cluster act on labels with these prefixes, and so does this service. */
const reserved = /(^|\.)(kubernetes\.io|k8s\.io|x-k8s\.io)\/|^edc-job-provisioner\//;

/** Throws `invalid-request` for a label that may not be set by people, or that the template sets: `kubectl` would show another value. */
export function checkLabels(
  labels: Readonly<Record<string, string>>,
  { job }: Pick<RenderedTemplate, 'job'>,
): void {
  for (const [name, value] of Object.entries(labels)) {
    if (reserved.test(name))
      throw refused(name, 'a name without such a prefix, which the cluster or this service acts on');
    const own = job.metadata?.labels?.[name];
    if (own !== undefined && own !== value) throw refused(name, `another name, since the template sets it`);
  }
}

function refused(name: string, expected: string): ServiceError {
  const field = `labels.${name}`;
  const detail = `${field}: expected ${expected}`;
  return new ServiceError('invalid-request', detail, {
    field,
    problems: [{ path: ['labels', name], detail }],
  });
}
