import type { FoundFile } from './found-file.ts';
import { isReleasable } from './release-file.ts';

export interface SettledOptions {
  /** What the look before saw: path → identity. */
  before: ReadonlyMap<string, string>;
  settleMillis: number;
  releaseAfterUpload: boolean;
  nowMillis: number;
}

/**
 * The files of a look that the worker seems to have finished: the same in two looks and not changed for a while. A file
 * renamed into `done/` is finished at once, where that is agreed.
 */
export function settledFiles(files: readonly FoundFile[], options: SettledOptions): FoundFile[] {
  const { before, settleMillis, releaseAfterUpload, nowMillis } = options;
  return files.filter((file) => {
    if (releaseAfterUpload && isReleasable(file.path)) return true;
    return before.get(file.path) === file.identity && nowMillis - file.modifiedMillis >= settleMillis;
  });
}
