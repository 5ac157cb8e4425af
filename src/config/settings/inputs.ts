import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';

const source = Type.String({
  title: 'a prefix that ends in /, such as https://data.example.org/public/ or s3://maps/europe/',
  pattern: '^(https?|s3)://[^\\s?#@]+/$',
  maxLength: 1024,
});

/** Files that jobs take from elsewhere. */
export const InputsSettings = closed({
  allow: Type.Array(source, {
    title: 'a list of prefixes such as https://data.example.org/public/ or s3://maps/europe/',
    uniqueItems: true,
    default: [],
    description:
      'Where the inputs of a job may come from beside uploads: URLs and objects of other buckets of the store that start with one of these.',
  }),
});
