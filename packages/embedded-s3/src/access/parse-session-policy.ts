import { StoreError } from '../http/store-error.ts';
import { actions, type PrefixTest, type Statement } from './session-policy.ts';
import { matchesWildcard } from './wildcard.ts';

const longest = 2048;

/**
 * Parses a session policy. Throws MalformedPolicyDocument for anything that this store cannot enforce exactly (another
 * element, action, condition, or a policy variable): a policy that is applied in part would grant what it forbids.
 */
export function parseSessionPolicy(text: string): readonly Statement[] {
  if (text.length > longest) throw malformed(`it must not be longer than ${longest} characters`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw malformed('it must be JSON');
  }
  const policy = fieldsOf(document, ['Version', 'Id', 'Statement'], 'the policy');
  if (policy['Version'] !== '2012-10-17') throw malformed('Version must be 2012-10-17');
  const statements = Array.isArray(policy['Statement'])
    ? (policy['Statement'] as unknown[])
    : [policy['Statement']];
  if (statements.length === 0) throw malformed('Statement must not be empty');
  return statements.map(parseStatement);
}

function parseStatement(value: unknown): Statement {
  const fields = fieldsOf(value, ['Sid', 'Effect', 'Action', 'Resource', 'Condition'], 'a statement');
  const effect = fields['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed('Effect must be Allow or Deny');
  const patterns = strings(fields['Action'], 'Action');
  for (const pattern of patterns) checkAction(pattern);
  const resources = strings(fields['Resource'], 'Resource');
  for (const resource of resources) checkResource(resource);
  const prefixes = fields['Condition'] === undefined ? [] : parseCondition(fields['Condition']);
  if (prefixes.length > 0 && patterns.some((pattern) => pattern !== 's3:ListBucket'))
    throw malformed('a condition on s3:prefix is for the action s3:ListBucket alone');
  return { effect, actions: patterns, resources, prefixes };
}

function checkAction(pattern: string): void {
  if (!actions.some((action) => matchesWildcard(pattern, action)))
    throw malformed(`the action ${pattern} is none of ${actions.join(', ')}`);
}

function checkResource(resource: string): void {
  if (resource.includes('${')) throw malformed('policy variables are not supported');
  if (resource !== '*' && !resource.startsWith('arn:aws:s3:::'))
    throw malformed('a Resource must be * or start with arn:aws:s3:::');
}

function parseCondition(value: unknown): PrefixTest[] {
  const operators = ['StringEquals', 'StringLike'] as const;
  const condition = fieldsOf(value, operators, 'Condition');
  return operators
    .filter((operator) => operator in condition)
    .map((operator) => {
      const keys = fieldsOf(condition[operator], ['s3:prefix'], operator);
      return { operator, values: strings(keys['s3:prefix'], 's3:prefix') };
    });
}

function fieldsOf(value: unknown, known: readonly string[], name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${name} must be an object`);
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw malformed(`${name} has the element ${unknown}, which is none of ${known.join(', ')}`);
  return value as Record<string, unknown>;
}

function strings(value: unknown, name: string): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  if (values.length === 0 || !values.every((item) => typeof item === 'string'))
    throw malformed(`${name} must be a string or an array of strings`);
  return values;
}

function malformed(reason: string): StoreError {
  return new StoreError('MalformedPolicyDocument', `The session policy cannot be enforced: ${reason}.`);
}
