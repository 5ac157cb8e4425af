import type { RequestBody } from '../../../route.ts';
import type { ApiOperation } from '../api-route.ts';
import { NewTemplateSchema, TemplateListSchema, TemplateSchema } from './template-schema.ts';

const tag = 'templates';

const parameters = { template: 'The template’s name.' };
const failed = { description: 'The current version is not that of If-Match or If-None-Match.' };
const shipped = 'It comes from the folder of templates, where it has to be changed';
const off = { description: 'Templates are not writable (`templates.writable`).' };

/** The body of PUT. Its handler reads it, with a bound of its own. */
export const newTemplateBody: RequestBody = {
  kind: 'bytes',
  content: { 'application/json': { schema: NewTemplateSchema } },
};

export const templateOperations = {
  list: {
    operationId: 'listTemplates',
    tag,
    summary: 'List what can be asked for',
    responses: { '200': { description: 'All templates.', schema: TemplateListSchema } },
  },
  get: {
    operationId: 'getTemplate',
    tag,
    summary: 'Look at a template',
    parameters,
    responses: {
      '200': {
        description: 'Its parameters, limits and results. Its ETag is for If-Match.',
        schema: TemplateSchema,
      },
      '304': { description: 'It is still the version of If-None-Match.' },
      '409': { description: 'It is stored, but cannot be used: the settings have changed since.' },
    },
  },
  put: {
    operationId: 'putTemplate',
    tag,
    summary: 'Store a template',
    description:
      'The body has the files of the template’s folder. They are checked as at a start. Jobs that are accepted already keep the version that they were accepted with. Other replicas use it within `templates.refreshSeconds`.',
    parameters,
    responses: {
      '200': { description: 'It is the current version now, or was it before.', schema: TemplateSchema },
      '201': { description: 'It is a new template.', schema: TemplateSchema },
      '405': off,
      '409': { description: `${shipped}, or too many are stored (\`templates.maxStored\`).` },
      '412': failed,
      '413': { description: 'The body is larger than `templates.maxBytes`.' },
      '422': { description: 'The template has errors; `errors` has each with its file and line.' },
    },
  },
  delete: {
    operationId: 'deleteTemplate',
    tag,
    summary: 'Delete a template that was stored by PUT',
    description: 'Jobs that are accepted already run and keep their results.',
    parameters,
    responses: {
      '204': { description: 'It is deleted.' },
      '405': off,
      '409': { description: `${shipped}.` },
      '412': failed,
    },
  },
} satisfies Record<string, ApiOperation>;
