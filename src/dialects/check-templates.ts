import type { ConnectorConfig } from '../config/config.ts';
import { ServiceError } from '../errors.ts';
import type { Template } from '../template/template.ts';
import type { Dialect } from './dialect.ts';

/** Throws `invalid-template` if a template's kind of data address cannot be carried to a connector that may ask for it. */
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
        `template ${template.name}: dataAddress: expected one of ${carried.join(', ')}, which connector "${connector.name}" (${connector.dialect}) can be given, received ${template.address}; leave the template out of its templates otherwise`,
        { field: 'dataAddress' },
      );
    }
  }
}
