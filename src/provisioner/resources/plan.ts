import { filesConfigMapName, parametersSecretName } from '../../flow/names.ts';
import type { FlowPlan } from '../../flow/flow-plan.ts';
import type { RenderedTemplate } from '../../template/template.ts';
import { workerImage } from './worker.ts';

/** What the event half needs of a template after acceptance: it is frozen on the Job, since templates may change. */
export function buildPlan(flow: string, rendered: RenderedTemplate): FlowPlan {
  const { template, secretEnvironment } = rendered;
  const { choice, required, contentType, allowEmpty } = template.results;
  const hasFiles = Object.keys(template.files).length > 0;
  const hasSecrets = Object.keys(secretEnvironment).length > 0;
  return {
    template: template.name,
    templateDigest: template.digest,
    image: workerImage(rendered.job),
    ...(hasFiles ? { filesConfigMap: filesConfigMapName(template.digest) } : {}),
    ...(hasSecrets ? { parametersSecret: parametersSecretName(flow, rendered.digest) } : {}),
    results: {
      choice,
      address: template.address,
      required,
      ...(allowEmpty ? { allowEmpty } : {}),
      ...(contentType === undefined ? {} : { contentType }),
    },
    limits: template.limits,
    retention: template.retention,
  };
}
