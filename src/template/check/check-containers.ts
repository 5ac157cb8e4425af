import { sidecarContainer } from '../../flow/attempt.ts';
import type { Container } from '../../kubernetes/types.ts';
import type { Path } from '../../schemas/schema-problem.ts';
import { placeholderOf } from '../placeholders.ts';
import type { Report } from '../read/source.ts';
import { isUnsure, reportBelow, type CheckContext, type JobContext } from './context.ts';

export const podPath: Path = ['spec', 'template', 'spec'];

interface FoundContainer {
  container: Container;
  path: Path;
}

export function containersOf({ sample }: Pick<JobContext, 'sample'>): FoundContainer[] {
  const spec = sample.spec?.template.spec;
  return (['initContainers', 'containers'] as const).flatMap((kind) =>
    (spec?.[kind] ?? []).map((container, index) => ({ container, path: [...podPath, kind, index] })),
  );
}

/** Checks names, limits and images. */
export function checkContainers(context: JobContext): void {
  const names = new Set<string>([sidecarContainer]);
  for (const { container, path } of containersOf(context)) {
    const report = reportBelow(path, context);
    if (path.includes('containers') && container.name !== 'worker') {
      report(['name'], `expected worker, received "${container.name}"`);
    }
    if (names.has(container.name)) report(['name'], `"${container.name}" is the name of another container`);
    names.add(container.name);
    checkLimits(container, report);
    checkImages({ container, path }, context, report);
  }
}

/** A worker without limits may use a whole node. */
function checkLimits({ resources }: Container, report: Report): void {
  const missing = ['cpu', 'memory'].filter((resource) => resources?.limits?.[resource] === undefined);
  if (missing.length === 0) return;
  report(['resources'], `expected limits for cpu and memory, received none for ${missing.join(' and ')}`);
}

/** If a parameter selects the image, each of its values must be allowed. */
function checkImages({ container, path }: FoundContainer, context: JobContext, report: Report): void {
  const parameter = imageParameter(path, context);
  if (parameter !== undefined && isUnsure(parameter, context)) return;
  const choices =
    parameter === undefined ? [container.image] : context.template.parameters.properties[parameter]?.['enum'];
  if (!Array.isArray(choices)) {
    report(['image'], `\${${parameter ?? ''}} selects the image: the parameter needs an enum of images`);
    return;
  }
  for (const image of choices.map(String).filter((choice) => !isAllowed(choice, context))) {
    report(['image'], `"${image}" is not among images.allow of the configuration`);
  }
}

/** The placeholder in place of the image, before the sample was rendered. */
function imageParameter(path: Path, { template }: CheckContext): string | undefined {
  const image = [...path, 'image'].reduce<unknown>(
    (inner, name) => (inner as Record<string, unknown> | undefined)?.[name],
    template.job,
  );
  return placeholderOf(image);
}

function isAllowed(image: string, { settings }: CheckContext): boolean {
  return settings.images.allow.some((allowed) =>
    allowed.endsWith('*') ? image.startsWith(allowed.slice(0, -1)) : image === allowed,
  );
}
