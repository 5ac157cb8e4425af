import { bucketArn } from '../storage/assume-role.ts';
import { policyLimit, sessionPolicy } from '../storage/mint-credentials.ts';
import type { ResolvedInput, Template } from '../template/template.ts';
import {
  invalidInput,
  resolveInput,
  type InputReference,
  type InputSources,
  type WantedInput,
} from './resolve-input.ts';

export interface WantedInputs extends Pick<WantedInput, 'owner'> {
  template: Pick<Template, 'name' | 'inputs'>;
  references: Readonly<Record<string, InputReference>>;
  /** The flow's name. */
  flow: string;
}

/** Resolves all inputs of a request. Throws `invalid-input` that names the first wrong one. */
export async function resolveInputs(
  sources: InputSources,
  { template, references, owner, flow }: WantedInputs,
  signal: AbortSignal,
): Promise<ResolvedInput[]> {
  const wanted = Object.entries(references).map(([name, reference]) => ({
    input: findInput(template, name),
    reference,
    owner,
  }));
  const inputs: ResolvedInput[] = [];
  for (const one of wanted) inputs.push(await resolveInput(sources, one, signal));
  checkPolicy(sources, flow, inputs);
  return inputs;
}

function findInput({ inputs, name: template }: WantedInputs['template'], name: string) {
  const found = inputs.find((input) => input.name === name);
  if (found !== undefined) return found;
  const names = inputs.map((input) => input.name).join(', ');
  const expected = names === '' ? 'no inputs' : `one of ${names}`;
  throw invalidInput([name], `the template ${template} has ${expected}`);
}

/** The keys of all inputs share one session policy. */
function checkPolicy({ config: { store } }: InputSources, flow: string, resolved: ResolvedInput[]): void {
  const inputs = resolved.map(({ input }) => input);
  const policy = sessionPolicy(bucketArn(store.bucket, store.sts), { flow, inputs });
  if (policy.length <= policyLimit) return;
  throw invalidInput(
    [],
    `expected shorter keys of objects: the policy of the pod has ${policy.length} characters, and ${policyLimit} are the most`,
  );
}
