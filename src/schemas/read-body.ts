import type { Static, TSchema } from 'typebox';
import { ServiceError } from '../errors.ts';
import { ajv, describeSchemaErrors } from './schema-problem.ts';

/** Reads a body by its schema. Throws `invalid-request` that names each wrong member and the expectation. */
export function bodyReader<Schema extends TSchema>(schema: Schema): (body: unknown) => Static<Schema> {
  // At the start: the first request has a deadline.
  const validate = ajv.compile<Static<Schema>>(schema);
  return function readBody(body) {
    if (validate(body)) return body;
    // Shows no received values: a callback address may hold a secret.
    const found = describeSchemaErrors(validate.errors, { schema, value: body, noun: 'a member' });
    const problems = new Map(
      found.map(({ path, expected }) => {
        const member = path.join('.') || 'body';
        return [member, { path, detail: `${member}: expected ${expected}` }];
      }),
    );
    const [field] = problems.keys();
    const details = [...problems.values()].map(({ detail }) => detail);
    throw new ServiceError('invalid-request', details.join('; '), {
      field,
      problems: [...problems.values()],
    });
  };
}
