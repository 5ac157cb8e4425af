import { Type, type Static } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { choice, dnsLabel, text } from './kinds.ts';

/** Paths of other systems, which stand for those of the API. */
export const CompatibilitySettings = closed({
  paths: choice('Whether the paths of other systems are served.', ['off', 'on'], { default: 'off' }),
  deployTemplate: Type.Optional(
    dnsLabel('Template that GET /job/deploy starts. Default: `demo`, else the first one by name.'),
  ),
  taskTemplate: dnsLabel('Template that POST /tasks starts.', { default: 'task' }),
  taskParameter: text('Parameter of that template that gets the `data` of a task, as JSON.', {
    default: 'DATA',
  }),
  uploadTemplate: dnsLabel('Template that POST /api/v1/upload starts.', { default: 'transcode' }),
  uploadInput: text('Input of that template that gets the uploaded file.', { default: 'video' }),
});

export type CompatibilityConfig = Static<typeof CompatibilitySettings>;
