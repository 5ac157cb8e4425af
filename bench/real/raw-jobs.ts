import { loadConfig } from '../../src/config/load-config.ts';
import { readProvisionRequest } from '../../src/dialects/control-plane/read-request.ts';
import { flowName } from '../../src/flow/names.ts';
import type { Job } from '../../src/kubernetes/types.ts';
import { buildFlowJob } from '../../src/cluster-objects/job.ts';
import { chooseTemplate } from '../../src/template/choose-template.ts';
import { loadTemplates } from '../../src/template/load-templates.ts';
import { renderTemplate } from '../../src/template/render-template.ts';
import type { ProvisionBody } from './requests.ts';
import { connectorName, type ServiceWorld } from './service-world.ts';

/** The flow that the service would name for this request. */
export function flowOf(body: ProvisionBody): string {
  const { ids } = readProvisionRequest(body);
  return flowName({ dialect: 'control-plane', connector: connectorName, ids });
}

/** Builds exactly the Jobs that the service would create for these requests. */
export async function buildRawJobs(
  { settingsFile: file, env }: ServiceWorld,
  requests: readonly ProvisionBody[],
): Promise<Job[]> {
  const { config } = loadConfig({ env, file });
  const templates = await loadTemplates(config.templates.directory, config);
  return requests.map((body) => {
    const { ids, assetId, callbackAddress, consumer = '', policyDigest = '' } = readProvisionRequest(body);
    const rendered = renderTemplate(chooseTemplate(templates, { assetId }), { assetId, parameters: {} });
    const request = {
      dialect: 'control-plane' as const,
      connector: connectorName,
      ids,
      assetId,
      template: rendered.template.name,
      callbackAddress,
      consumer,
      policyDigest,
      acceptedAt: new Date().toISOString(),
    };
    const input = { flow: flowName(request), request, rendered, settings: config };
    return buildFlowJob(input, { environment: { values: rendered.environment } });
  });
}
