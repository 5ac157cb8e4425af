import { Type, type Static } from 'typebox';
import { described } from '../../../../schemas/kinds.ts';

export const ResultsSchema = described('The files that the worker wrote.', {
  files: Type.Array(
    described('A file.', {
      path: Type.String({ description: 'As the worker named it.' }),
      size: Type.Integer({ minimum: 0, description: 'Bytes.' }),
      sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      modifiedAt: Type.String({ format: 'date-time' }),
      href: Type.String({ description: 'Its address, with the path encoded.' }),
    }),
    { description: 'Sorted by path.' },
  ),
  links: described('All of them in one.', {
    zip: Type.String(),
    tar: Type.String(),
    manifest: Type.String(),
  }),
});

export type Results = Static<typeof ResultsSchema>;
