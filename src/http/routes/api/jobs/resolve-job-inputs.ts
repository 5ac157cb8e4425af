import type { InputSources } from '../../../../inputs/resolve-input.ts';
import { resolveInputs, type WantedInputs } from '../../../../inputs/resolve-inputs.ts';
import type { FlowService } from '../../../../requests/flow-service.ts';
import type { ResolvedInput } from '../../../../template/template.ts';

interface InputDependencies {
  sources: InputSources;
  flows: Pick<FlowService, 'find'>;
}

export type JobInputs = (
  wanted: WantedInputs & KnownRequest,
  signal: AbortSignal,
) => Promise<readonly ResolvedInput[]>;

/** By which a repeat of a request is known. */
export interface KnownRequest {
  flow: string;
  contentDigest: string;
  /** It has no key, so that it is no repeat. */
  isNew: boolean;
}

/** A repeat gets the inputs of the first request, since an upload may have expired meanwhile. */
export async function resolveJobInputs(
  { sources, flows }: InputDependencies,
  wanted: WantedInputs & KnownRequest,
  signal: AbortSignal,
): Promise<readonly ResolvedInput[]> {
  if (Object.keys(wanted.references).length === 0) return [];
  const found = wanted.isNew ? undefined : await flows.find(wanted.flow, signal);
  if (found?.request.contentDigest === wanted.contentDigest)
    return (found.plan.inputs ?? []).map((input) => ({ input }));
  return await resolveInputs(sources, wanted, signal);
}
