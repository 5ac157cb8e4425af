import { numberedJob } from '../numbered-flows.ts';

/** What becomes of a flow, and so what its transfer and its record must say in the end. */
export const fates = [
  'plain',
  'repeated',
  'evicted',
  'fails',
  'empty',
  'unknown',
  'terminated',
  'pod deleted',
  'job deleted',
] as const;
export type Fate = (typeof fates)[number];

/** The worker does as its fate says; what is terminated or deleted would run for ten minutes if nobody ended them. */
const script = [
  'case "$FATE" in',
  '  fails) echo "the worker of $NUMBER gives up" >&2; exit 3 ;;',
  '  empty) exit 0 ;;',
  // PID 1 ignores a signal that it does not handle: without the trap it would go on within its grace, exit 0 and complete its Job.
  '  evicted) trap "exit 143" TERM; sleep 6 & wait "$!" ;;',
  '  terminated|*deleted) sleep 600 ;;',
  'esac',
  `printf 'the result of flow %s\\n' "$NUMBER" > "$RESULT_DIRECTORY/number.txt"`,
].join('\n');

export function assetOf(fate: Fate, number: number): string {
  return `${fate.replaceAll(' ', '-')}-${number}`;
}

/** A template for `startWorld` that serves an asset for each flow, but for those whose fate is to be unknown. */
export function chaoticTemplate(plan: readonly Fate[]): Record<string, Record<string, string>> {
  const assets = plan.flatMap((fate, number) =>
    fate === 'unknown' ? [] : [{ id: assetOf(fate, number), parameters: { FATE: fate, NUMBER: number } }],
  );
  const template = {
    description: 'Ends as its fate says.',
    assets,
    parameters: {
      properties: { FATE: { type: 'string', enum: fates }, NUMBER: { type: 'integer' } },
      required: ['FATE', 'NUMBER'],
    },
    results: { directory: '/results', storage: { size: '16Mi' } },
  };
  // YAML takes JSON as it is.
  return {
    chaotic: {
      'template.yaml': JSON.stringify(template),
      'job.yaml': JSON.stringify(numberedJob('chaotic', script)),
    },
  };
}
