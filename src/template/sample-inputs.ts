import { inputPath } from '../flow/flow-input.ts';
import type { ResolvedInput, Template } from './template.ts';

/** Stands for the inputs of a request where there is none: `check` and `render`. */
export function sampleInputs({ inputs }: Template): ResolvedInput[] {
  return inputs.map(({ name, file, maxBytes }) => ({
    input: {
      name,
      path: inputPath(file),
      maxBytes,
      key: `uploads/${name}/content`,
      etag: name,
      size: maxBytes,
    },
  }));
}
