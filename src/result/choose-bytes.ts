import type { ArchiveFormat, FlowPlan, ResultChoice } from '../flow/flow-plan.ts';
import type { Manifest, ManifestFile } from './manifest.ts';

/** The bytes that an address or a download points at. */
export type ChosenBytes = { kind: 'file'; file: ManifestFile } | { kind: 'archive'; format: ArchiveFormat };

/** Undefined if the template names a file that is not among the results; `requiredPaths` keeps such results from being verified. */
export function chooseBytes(choice: ResultChoice, manifest: Manifest): ChosenBytes | undefined {
  switch (choice.kind) {
    case 'file': {
      const file = manifest.files.find((one) => one.path === choice.path);
      return file && { kind: 'file', file };
    }
    case 'auto': {
      const [file, ...others] = manifest.files;
      if (file !== undefined && others.length === 0) return { kind: 'file', file };
      return { kind: 'archive', format: choice.archive };
    }
    case 'archive':
      return { kind: 'archive', format: choice.archive };
    default:
      return choice satisfies never;
  }
}

/** For `verifyResults`: the files that the template requires, and the one that its address points at. */
export function requiredPaths({ required, choice }: FlowPlan['results']): string[] {
  return choice.kind === 'file' ? [...new Set([...required, choice.path])] : required;
}
