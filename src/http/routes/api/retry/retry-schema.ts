import { Type } from 'typebox';
import { anyName, described } from '../../../../schemas/kinds.ts';

/** The body of `POST /jobs/{id}/retry`. */
export const RetrySchema = described('What the job did not keep.', {
  parameters: Type.Optional(
    Type.Record(anyName, Type.Unknown(), {
      title: 'a map of those parameters that the job does not keep',
      description: 'Parameters that are secret or large.',
    }),
  ),
});
