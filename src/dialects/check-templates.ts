import type { ConnectorConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { Template } from '../template/template.ts';
import type { Dialect } from './dialect.ts';

/** Throws `invalid-template` if a connector may request a template whose kind of data address its dialect cannot carry. */
export function checkTemplates(
  templates: readonly Template[],
  { dialects, connectors }: { dialects: readonly Dialect[]; connectors: readonly ConnectorConfig[] },
): void {
  for (const connector of connectors) {
    const carried = dialects.find(({ name }) => name === connector.dialect)?.addresses ?? [];
    for (const template of templates) {
      const mayAsk = connector.templates.includes('*') || connector.templates.includes(template.name);
      if (!mayAsk || carried.includes(template.address)) continue;
      throw new ServiceError(
        'invalid-template',
        `template ${template.name}: dataAddress: expected one of ${carried.join(', ')}, the kinds that connector "${connector.name}" (${connector.dialect}) can get, received ${template.address}; change it, or remove the template from the connector's templates`,
        { field: 'dataAddress' },
      );
    }
  }
}
