import { join } from 'node:path';
import type { Template, TemplateProblem } from '../template.ts';

/** Two templates for one asset: which one serves it would be chance. */
export function checkAssets(templates: readonly Template[], problems: TemplateProblem[]): void {
  const servedBy = new Map<string, Template>();
  for (const template of templates) {
    for (const { id } of template.assets) {
      const other = servedBy.get(id);
      servedBy.set(id, template);
      if (other === undefined) continue;
      const file = join(template.directory, 'template.yaml');
      problems.push({ file, reason: `the asset "${id}" is served by the template ${other.name} already` });
    }
  }
}
