import { checkAssets, describeProblem } from '../template/load-templates.ts';
import {
  isWarning,
  type Template,
  type TemplateProblem,
  type TemplateSettings,
} from '../template/template.ts';
import { loadGiven, type GivenFiles } from './given-files.ts';
import type { StoredTemplate, StoredVersion } from './template-versions.ts';

export interface KnownDependencies {
  settings: TemplateSettings;
  /** Problems of templates and the connectors that may use them. */
  findMisfits: (templates: readonly Template[]) => { reason: string; severity?: 'warning' }[];
}

/** A stored version as this replica has loaded it. */
export interface Known {
  /** Without its files, which the template has. */
  stored: StoredVersion;
  /** Absent if it is deleted, or if its files have errors: settings may have changed since it was stored. */
  template?: Template;
  errors: TemplateProblem[];
  /** Why it cannot be used, as far as that was logged. */
  problem?: string | undefined;
}

export function loadStored({ settings }: KnownDependencies, { files, ...stored }: StoredTemplate): Known {
  if (stored.deleted === true) return { stored, errors: [] };
  const { template, errors } = loadGiven({ ...stored, files }, settings);
  return { stored, errors, ...(template === undefined ? {} : { template }) };
}

/** By name, so that all replicas choose the same one of two templates that cannot be used together. */
export function chooseUsable(
  deps: KnownDependencies & { shipped: readonly Template[] },
  known: readonly Known[],
): { usable: Template[]; unusable: Map<Known, string> } {
  const usable = [...deps.shipped];
  const unusable = new Map<Known, string>();
  const stored = known.filter((one) => one.stored.deleted !== true);
  for (const one of stored.toSorted((a, b) => (a.stored.name < b.stored.name ? -1 : 1))) {
    const { template } = one;
    const errors = template === undefined ? one.errors : clashesOf(deps, { template, others: usable });
    const [first] = errors.filter((problem) => !isWarning(problem));
    if (first !== undefined) unusable.set(one, describeProblem(first));
    else if (template !== undefined) usable.push(template);
  }
  return { usable, unusable };
}

/** The template of these files with all its problems, also those with other templates and with connectors. */
export function findClashes(
  deps: KnownDependencies,
  { name, files, others }: { name: string; files: GivenFiles; others: readonly Template[] },
): { template?: Template; errors: TemplateProblem[]; warnings: string[] } {
  const given = loadGiven({ name, files }, deps.settings);
  const { template } = given;
  if (template === undefined) return { errors: given.errors, warnings: [] };
  const found = clashesOf(deps, { template, others: others.filter((one) => one.name !== name) });
  const warnings = [...given.warnings, ...found.filter(isWarning)].map(describeProblem);
  return { template, errors: found.filter((problem) => !isWarning(problem)), warnings };
}

function clashesOf(
  { findMisfits }: KnownDependencies,
  { template, others }: { template: Template; others: readonly Template[] },
): TemplateProblem[] {
  const problems: TemplateProblem[] = [];
  if (others.some(({ name }) => name === template.name)) {
    const reason = `the name is that of a template in the folder of templates (templates.directory)`;
    problems.push({ file: '', reason });
  }
  checkAssets([...others, template], problems);
  const file = 'template.yaml';
  const misfits = findMisfits([template]).map(({ reason, severity }) => ({
    file,
    reason,
    ...(severity === undefined ? {} : { severity }),
  }));
  return [...problems, ...misfits];
}
