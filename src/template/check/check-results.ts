import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import type { CheckContext } from './context.ts';
import { isSystemFolder } from './check-mounts.ts';

export function checkResults(
  { template, sources, settings }: CheckContext,
  problems: TemplateProblem[],
): void {
  function report(path: string[], reason: string): void {
    problems.push(problemAt(sources.document, path, `${path.join('.')}: ${reason}`));
  }
  const { directory, storage } = template.results;
  checkFolder(directory, (reason) => {
    report(['results', 'directory'], reason);
  });
  if (Object.keys(template.files).length > 0) {
    checkFolder(template.filesMountPath, (reason) => {
      report(['files', 'mountPath'], reason);
    });
  }
  checkChoice({ template, sources }, report);
  const classes = settings.pods.allowedStorageClasses;
  if (storage.storageClass !== undefined && !classes.includes(storage.storageClass)) {
    const reason = `"${storage.storageClass}" is not among pods.allowedStorageClasses of the configuration`;
    report(['results', 'storage', 'storageClass'], reason);
  }
}

/** Checks which result is handed out, and whether that is possible. */
function checkChoice(
  { template, sources }: Pick<CheckContext, 'template' | 'sources'>,
  report: (path: string[], reason: string) => void,
): void {
  const given = sources.document.value.results ?? {};
  const ways = (['file', 'archive', 'auto'] as const).filter((way) => given[way] !== undefined);
  if (ways.length > 1)
    report(
      ['results', ways[1] ?? ''],
      `expected one of file, archive and auto, received ${ways.join(' and ')}`,
    );
  if (template.address === 'presigned' && template.results.choice.kind !== 'file') {
    report(['dataAddress'], 'presigned needs results.file: a store signs addresses of single objects only');
  }
  const { allowEmpty, required } = template.results;
  if (allowEmpty && required.length > 0) {
    const reason = `expected false, since ${required.join(', ')} must be among the results`;
    report(['results', 'allowEmpty'], reason);
  }
}

function checkFolder(path: string, report: (reason: string) => void): void {
  const segments = path.split('/').slice(1);
  if (!isPlainPath(path) || segments.some((segment) => ['.', '..'].includes(segment))) {
    report(`expected an absolute path without ., .., : and $, received ${JSON.stringify(path)}`);
  } else if (isSystemFolder(path)) report(`expected a folder of its own, received ${path}`);
}

/** Kubernetes refuses a colon in a mount path, the kubelet expands `$`, and control characters are typing errors. */
function isPlainPath(path: string): boolean {
  return path.startsWith('/') && !/[:$\p{Cc}]/u.test(path) && !path.includes('//');
}
