import { type Report, reporter } from '../read/source.ts';
import type { CheckContext } from './context.ts';

/** Keys of the store must live this much longer than the upload, since a terminating pod gets no new ones. */
const credentialsMarginSeconds = 180;

export function checkLimits(context: CheckContext): void {
  const { template, sources, settings, problems } = context;
  const report = reporter(sources.document, problems);
  const { limits } = template;
  const { maxRun, maxUpload } = settings.pods.limits;
  const bounds = { pending: maxRun, run: maxRun, upload: maxUpload, stopGrace: limits.upload };
  for (const [name, most] of Object.entries(bounds)) {
    const seconds = limits[name as keyof typeof limits];
    if (seconds >= 1 && seconds <= most) continue;
    report(['limits', name], `expected 1 s to ${most} s, received ${seconds} s`);
  }
  checkCredentials(context, report);
  checkPlacement(context, report);
}

/** Keys are renewed after a third of their lifetime, so two thirds are left at any time. */
function checkCredentials({ template, settings }: CheckContext, report: Report): void {
  const { credentials, credentialSeconds } = settings.store;
  if (credentials !== 'sts') return;
  const most = Math.floor((credentialSeconds * 2) / 3) - credentialsMarginSeconds;
  if (template.limits.upload < most) return;
  const reason = `expected less than ${most} s, received ${template.limits.upload} s: the store's keys live ${credentialSeconds} s (store.credentialSeconds), are renewed at a third of that, and must outlive the upload by ${credentialsMarginSeconds} s`;
  report(['limits', 'upload'], reason);
}

function checkPlacement({ template, settings }: CheckContext, report: Report): void {
  const classes = ['store', 'internet', ...settings.pods.egressClasses];
  if (!classes.includes(template.egress))
    report(['egress'], `expected one of ${classes.join(', ')}, received "${template.egress}"`);
  const { allowedPullSecrets, pullSecrets } = settings.images;
  for (const [index, name] of template.pullSecrets.entries()) {
    if ([...allowedPullSecrets, ...pullSecrets].includes(name)) continue;
    report(['pullSecrets'], `"${name}" is not among images.allowedPullSecrets of the configuration`, [index]);
  }
}
