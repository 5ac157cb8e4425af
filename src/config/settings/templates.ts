import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { integer, text } from './kinds.ts';

export const TemplatesSettings = closed({
  directory: text('Folder with one folder for each template.', { default: 'jobs-templates' }),
  writable: Type.Boolean({
    default: false,
    title: 'true or false',
    description: 'Keys with the scope `admin` may store further templates, which lie in the bucket.',
  }),
  refreshSeconds: integer(
    { min: 1, max: 300, default: 10 },
    'Pause after which a replica looks for templates that another one has stored.',
  ),
  // In JSON, with binary files as base64. A ConfigMap holds 1 MiB.
  maxBytes: integer({ min: 1, max: 8_388_608, default: 2_097_152 }, 'Body of one template.'),
  maxStored: integer({ min: 1, max: 1000, default: 100 }, 'Templates that are stored.'),
});
