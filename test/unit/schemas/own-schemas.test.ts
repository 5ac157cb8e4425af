import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { SettingsSchema } from '../../../src/config/settings/settings.ts';
import { ProvisionRequestBody } from '../../../src/dialects/control-plane/schemas.ts';
import { DataPlaneRequestBody } from '../../../src/dialects/data-plane/schemas.ts';
import { ControlPlaneBody } from '../../../src/dialects/signaling/registration/control-plane-schema.ts';
import { CreationBody, FlowMessageBody } from '../../../src/dialects/signaling/schemas.ts';
import { StartSchema } from '../../../src/http/routes/api/jobs/job-schema.ts';
import { ajv } from '../../../src/schemas/schema-problem.ts';
import { JobSchema } from '../../../src/template/job/job-schema.ts';
import { TemplateSchema } from '../../../src/template/template-schema.ts';

const bodies = {
  ProvisionRequestBody,
  DataPlaneRequestBody,
  ControlPlaneBody,
  CreationBody,
  FlowMessageBody,
  StartSchema,
};

for (const [name, schema] of Object.entries({ SettingsSchema, JobSchema, TemplateSchema, ...bodies })) {
  test(`${name} is a schema of JSON Schema 2020-12, and compiles in strict mode`, () => {
    const schemas = new Ajv2020();
    assert.ok(schemas.validateSchema(schema), JSON.stringify(schemas.errors));
    ajv.compile(schema);
  });
}
