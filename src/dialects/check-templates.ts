import type { ConnectorConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import { findContractNeeds, type ContractNeed } from '../template/contract-parameters.ts';
import { showContractPath } from '../template/contract-path.ts';
import type { Template } from '../template/template.ts';
import type { Dialect } from './dialect.ts';

interface ConnectorParts {
  dialects: readonly Dialect[];
  connectors: readonly ConnectorConfig[];
  warn: (warning: string) => void;
}

/**
 * Checks each template against the connectors that may use it. Throws `invalid-template` if a connector's dialect cannot carry its kind of
 * data address. Warns if a required parameter comes from a contract that the dialect does not carry: only those requests are refused.
 */
export function checkTemplates(
  templates: readonly Template[],
  { dialects, connectors, warn }: ConnectorParts,
): void {
  for (const connector of connectors) {
    const dialect = dialects.find(({ name }) => name === connector.dialect);
    const used = templates.filter(
      ({ name }) => connector.templates.includes('*') || connector.templates.includes(name),
    );
    for (const template of used) {
      checkAddress(template, connector, dialect?.addresses ?? []);
      if (dialect?.carriesContract === true) continue;
      for (const need of findContractNeeds(template)) warn(describeNeed(template, connector, need));
    }
  }
}

function checkAddress(
  { name, address }: Template,
  connector: ConnectorConfig,
  carried: Dialect['addresses'],
): void {
  if (carried.includes(address)) return;
  throw new ServiceError(
    'invalid-template',
    `template ${name}: dataAddress: expected one of ${carried.join(', ')}, the kinds that connector "${connector.name}" (${connector.dialect}) can get, received ${address}; change it, or remove the template from the connector's templates`,
    { field: 'dataAddress' },
  );
}

function describeNeed(
  template: Template,
  connector: ConnectorConfig,
  { parameter, path, assets }: ContractNeed,
): string {
  const ids = assets.map((id) => `"${id}"`).join(', ');
  const unusable = ids === '' ? 'cannot use it' : `cannot request ${ids}`;
  return `template ${template.name}: connector "${connector.name}" (${connector.dialect}) ${unusable}: the required parameter ${parameter} comes from ${showContractPath(path)}, which its requests do not carry; give it a default or a value in assets[].parameters or job.env, or remove the template from the connector's templates`;
}
