import { Type, type Static } from 'typebox';
import { anyName, described } from '../../../../schemas/kinds.ts';

export const DryRunSchema = described('What a job would be. Nothing was created.', {
  template: Type.String(),
  assetId: Type.String(),
  environment: Type.Record(anyName, Type.String(), {
    description: 'The environment of the worker, without secret values.',
  }),
  secrets: Type.Array(Type.String(), { description: 'Names of the variables that are secret.' }),
  checks: Type.Array(
    described('A check that was passed.', {
      check: Type.Enum(['access', 'parameters', 'size', 'cluster']),
      detail: Type.String(),
    }),
    { description: 'In their order; the first one that is not passed is the error of the answer.' },
  ),
  job: Type.Object(
    {},
    { description: 'The Kubernetes Job as the API server would store it; a started job has another name.' },
  ),
});

export type DryRunAnswer = Static<typeof DryRunSchema>;
