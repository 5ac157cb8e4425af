import type { ConnectorConfig } from '../config/config.ts';
import { lists } from '../config/lists.ts';
import { ServiceError } from '../errors.ts';
import { findContractNeeds, type ContractNeed } from '../template/contract-parameters.ts';
import { showContractPath } from '../template/contract-path.ts';
import type { Template } from '../template/template.ts';
import { carriedKinds, obstacleTo } from './address-kinds.ts';
import type { Dialect } from './dialect.ts';

export interface Uses {
  dialects: readonly Dialect[];
  connectors: readonly ConnectorConfig[];
}

/** A template and a connector that may use it, but do not fit together. */
export interface Misfit {
  template: Template;
  reason: string;
  /** Only requests that need it are refused. */
  severity?: 'warning';
}

/**
 * Checks each template against the connectors that may use it. Throws `invalid-template` if a connector's dialect cannot carry its kind of
 * data address. Warns if a required parameter comes from a contract that the dialect does not carry: only those requests are refused.
 */
export function checkTemplates(
  templates: readonly Template[],
  { warn, ...uses }: Uses & { warn: (warning: string) => void },
): void {
  const misfits = findMisfits(templates, uses).map(({ template, reason, severity }) => ({
    text: `template ${template.name}: ${reason}`,
    severity,
  }));
  for (const { text, severity } of misfits) if (severity === 'warning') warn(text);
  const problems = misfits.filter(({ severity }) => severity === undefined).map(({ text }) => text);
  if (problems.length > 0)
    throw new ServiceError('invalid-template', problems.join('\n'), { field: 'dataAddress' });
}

export function findMisfits(templates: readonly Template[], { dialects, connectors }: Uses): Misfit[] {
  return connectors.flatMap((connector) => {
    const dialect = dialects.find(({ name }) => name === connector.dialect);
    if (dialect === undefined) return [];
    const used = templates.filter(({ name }) => lists(connector.templates, name));
    return used.flatMap((template) => {
      const needs = dialect.carriesContract === true ? [] : findContractNeeds(template);
      return [
        ...checkAddress(template, connector, dialect.addresses),
        ...needs.map((need) => ({
          template,
          reason: describeNeed(connector, need),
          severity: 'warning' as const,
        })),
      ];
    });
  });
}

function checkAddress(template: Template, connector: ConnectorConfig, kinds: Dialect['addresses']): Misfit[] {
  const { address } = template;
  const obstacle = obstacleTo(address, kinds, connector);
  if (obstacle === undefined) return [];
  const carried = carriedKinds(kinds, connector).join(', ');
  const reason = `dataAddress: expected one of ${carried}, the kinds that connector "${connector.name}" (${connector.dialect}) can get, received ${address}, since ${obstacle}; change it, or remove the template from the connector's templates`;
  return [{ template, reason }];
}

function describeNeed(connector: ConnectorConfig, { parameter, path, assets }: ContractNeed): string {
  const ids = assets.map((id) => `"${id}"`).join(', ');
  const unusable = ids === '' ? 'cannot use it' : `cannot request ${ids}`;
  return `connector "${connector.name}" (${connector.dialect}) ${unusable}: the required parameter ${parameter} comes from ${showContractPath(path)}, which its requests do not carry; give it a default or a value in assets[].parameters or job.env, or remove the template from the connector's templates`;
}
