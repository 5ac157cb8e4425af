import type { ConnectorConfig } from '../config/config.ts';
import { lists } from '../config/lists.ts';
import type { EnvFileSource } from '../env-files/env-file.ts';
import { isServiceError, ServiceError } from '../errors.ts';
import { dnsLabel } from '../schemas/kinds.ts';
import type { Contract } from '../template/contract-path.ts';
import { chooseTemplate } from '../template/choose-template.ts';
import { renderWithEnvFiles } from '../template/env-files.ts';
import type { RenderedTemplate, Template } from '../template/template.ts';
import type { ReceivedRequest } from './answer-request.ts';

export type Rendered = RenderedTemplate | { refused: ServiceError };

type RequestToRender = Pick<ReceivedRequest, 'connector' | 'message' | 'template' | 'deliversRefusals'>;

/** Reasons for which a request can never be served, whatever the state of cluster and store. */
const neverServed = [
  'invalid-request',
  'invalid-parameters',
  'invalid-template',
  'unknown-template',
  'forbidden',
] as const;

/** The request's template; the reason instead, if it can never be served and its dialect delivers that. Else it throws the reason. */
export async function renderOrRefuse(
  deps: RenderDependencies,
  received: RequestToRender,
  signal: AbortSignal,
): Promise<Rendered> {
  try {
    if (received.message.problem !== undefined) throw received.message.problem;
    const { connector, template, message } = received;
    const { assetId, consumer, contract } = message;
    return await renderRequest(deps, { connector, assetId, consumer, template, contract }, signal);
  } catch (error) {
    if (received.deliversRefusals === true && isServiceError(error, ...neverServed))
      return { refused: error };
    throw error;
  }
}

export interface RequestedJob {
  connector: ConnectorConfig;
  assetId: string;
  consumer?: string | undefined;
  /** Named by the request; absent: the asset decides. */
  template?: string | undefined;
  contract?: Contract | undefined;
}

interface RenderDependencies {
  templates: readonly Template[];
  envFiles: EnvFileSource;
}

/**
 * Renders the template of a request, with the env files of its asset and consumer. Throws `forbidden` for a template that the connector may
 * not use.
 */
export async function renderRequest(
  { templates, envFiles }: RenderDependencies,
  { connector, assetId, consumer, template: name, contract }: RequestedJob,
  signal: AbortSignal,
): Promise<RenderedTemplate> {
  const allowed = templates.filter((one) => lists(connector.templates, one.name));
  function isNamed(one: Template): boolean {
    return one.name === name;
  }
  if (templates.some(isNamed) && !allowed.some(isNamed)) {
    throw new ServiceError('forbidden', `template: "${connector.name}" may not use "${name}"`, {
      field: 'template',
    });
  }
  const chosen = chooseTemplate(allowed, { assetId, template: name });
  const owner = { connector: connector.name, assetId, consumer };
  const files = chosen.envFiles.length === 0 ? [] : await envFiles.current(owner, signal);
  return renderWithEnvFiles(chosen, { assetId, parameters: {}, contract }, files);
}

/** The template's name in a path; '' for a text that no template can have as its name. */
export function nameIn(template: string | undefined): string | undefined {
  return template === undefined || isTemplateName.test(template) ? template : '';
}

const isTemplateName = new RegExp(dnsLabel.pattern);
