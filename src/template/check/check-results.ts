import type { Path } from '../../schemas/schema-problem.ts';
import { type Report, reporter } from '../read/source.ts';
import type { CheckContext } from './context.ts';
import { isSystemFolder } from './check-mounts.ts';

export function checkResults(context: CheckContext): void {
  const { template, sources, settings, problems } = context;
  const report = reporter(sources.document, problems);
  const { directory, storage } = template.results;
  checkFolder(directory, ['results', 'directory'], report);
  if (Object.keys(template.files).length > 0)
    checkFolder(template.filesMountPath, ['files', 'mountPath'], report);
  checkChoice(context, report);
  const classes = settings.pods.allowedStorageClasses;
  if (storage.storageClass !== undefined && !classes.includes(storage.storageClass)) {
    const reason = `"${storage.storageClass}" is not among pods.allowedStorageClasses of the configuration`;
    report(['results', 'storage', 'storageClass'], reason);
  }
}

/** Checks which result is handed out, and whether that is possible. */
function checkChoice(context: CheckContext, report: Report): void {
  const { template, sources } = context;
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
  if (template.address === 's3') checkS3(context, report);
  const { allowEmpty, required } = template.results;
  if (allowEmpty && required.length > 0) {
    const reason = `expected false, since ${required.join(', ')} must be among the results`;
    report(['results', 'allowEmpty'], reason);
  }
}

/** Checks that the store can mint keys, and that what is handed out is in the store. */
function checkS3({ template, sources, settings }: CheckContext, report: Report): void {
  if (settings.store.credentials === 'static') {
    const reason =
      's3 needs a store that mints keys for each flow (STS AssumeRole, as MinIO and AWS have it), and store.credentials is static; use presigned or service';
    report(['dataAddress'], reason);
  }
  const archive = (['archive', 'auto'] as const).find(
    (way) => sources.document.value.results?.[way] !== undefined,
  );
  if (archive !== undefined)
    report(['results', archive], 'expected none with dataAddress s3, which hands out the files themselves');
  if (template.start === 'at-once')
    report(['start'], 'expected when-ready with dataAddress s3: its keys are minted once the results exist');
}

function checkFolder(folder: string, path: Path, report: Report): void {
  const segments = folder.split('/').slice(1);
  if (!isPlainPath(folder) || segments.some((segment) => ['.', '..'].includes(segment))) {
    report(path, `expected an absolute path without ., .., : and $, received ${JSON.stringify(folder)}`);
  } else if (isSystemFolder(folder)) report(path, `expected a folder of its own, received ${folder}`);
}

/** Kubernetes refuses a colon in a mount path, the kubelet expands `$`, and control characters are typing errors. */
function isPlainPath(path: string): boolean {
  return path.startsWith('/') && !/[:$\p{Cc}]/u.test(path) && !path.includes('//');
}
