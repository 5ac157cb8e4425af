import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import type { CheckContext } from './context.ts';

/** Keys of the store must live this much longer than the upload, since a terminating pod gets no new ones. */
const credentialsMarginSeconds = 180;

export function checkLimits(
  { template, sources, settings }: CheckContext,
  problems: TemplateProblem[],
): void {
  const { limits } = template;
  const { maxRun, maxUpload } = settings.pods.limits;
  const bounds = { pending: maxRun, run: maxRun, upload: maxUpload, stopGrace: limits.upload };
  for (const [name, most] of Object.entries(bounds)) {
    const seconds = limits[name as keyof typeof limits];
    if (seconds >= 1 && seconds <= most) continue;
    const reason = `limits.${name}: expected 1 s to ${most} s, received ${seconds} s`;
    problems.push(problemAt(sources.document, ['limits', name], reason));
  }
  checkCredentials({ template, sources, settings }, problems);
  checkPlacement({ template, sources, settings }, problems);
}

/** Keys are renewed after a third of their lifetime, so two thirds are left at any time. */
function checkCredentials({ template, sources, settings }: CheckContext, problems: TemplateProblem[]): void {
  const { credentials, credentialSeconds } = settings.store;
  if (credentials !== 'sts') return;
  const most = Math.floor((credentialSeconds * 2) / 3) - credentialsMarginSeconds;
  if (template.limits.upload < most) return;
  const reason = `limits.upload: expected less than ${most} s, received ${template.limits.upload} s: the store's keys live ${credentialSeconds} s (store.credentialSeconds), are renewed at a third of that, and must outlive the upload by ${credentialsMarginSeconds} s`;
  problems.push(problemAt(sources.document, ['limits', 'upload'], reason));
}

function checkPlacement({ template, sources, settings }: CheckContext, problems: TemplateProblem[]): void {
  const classes = ['store', 'internet', ...settings.pods.egressClasses];
  if (!classes.includes(template.egress)) {
    const reason = `egress: expected one of ${classes.join(', ')}, received "${template.egress}"`;
    problems.push(problemAt(sources.document, ['egress'], reason));
  }
  const { allowedPullSecrets, pullSecrets } = settings.images;
  for (const [index, name] of template.pullSecrets.entries()) {
    if ([...allowedPullSecrets, ...pullSecrets].includes(name)) continue;
    const reason = `pullSecrets: "${name}" is not among images.allowedPullSecrets of the configuration`;
    problems.push(problemAt(sources.document, ['pullSecrets', index], reason));
  }
}
