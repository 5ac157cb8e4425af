import { matchesWildcard } from './wildcard.ts';

/** The right that a call needs. The prefix is that of a listing. */
export interface Demand {
  readonly action: Action;
  readonly bucket: string;
  readonly key?: string;
  readonly prefix?: string;
}

export const actions = [
  's3:AbortMultipartUpload',
  's3:CreateBucket',
  's3:DeleteBucket',
  's3:DeleteObject',
  's3:GetBucketLocation',
  's3:GetObject',
  's3:ListAllMyBuckets',
  's3:ListBucket',
  's3:ListBucketMultipartUploads',
  's3:ListMultipartUploadParts',
  's3:PutObject',
] as const;
export type Action = (typeof actions)[number];

/** One parsed statement of a session policy. Without a prefix condition it applies to every prefix. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly prefixes: readonly PrefixTest[];
}

/** Every test of a statement must hold; a test holds when one of its values does. */
export interface PrefixTest {
  readonly operator: 'StringEquals' | 'StringLike';
  readonly values: readonly string[];
}

/** Whether these statements give the right: one allows it and none denies it. */
export function isAllowed(statements: readonly Statement[], demand: Demand): boolean {
  const matching = statements.filter((statement) => applies(statement, demand));
  return matching.length > 0 && matching.every((statement) => statement.effect === 'Allow');
}

function applies(statement: Statement, demand: Demand): boolean {
  const resource = 'arn:aws:s3:::' + demand.bucket + (demand.key === undefined ? '' : `/${demand.key}`);
  return (
    statement.actions.some((pattern) => matchesWildcard(pattern, demand.action)) &&
    statement.resources.some((pattern) => matchesWildcard(pattern, resource)) &&
    statement.prefixes.every((test) => holds(test, demand.prefix ?? ''))
  );
}

function holds(test: PrefixTest, prefix: string): boolean {
  if (test.operator === 'StringEquals') return test.values.includes(prefix);
  return test.values.some((pattern) => matchesWildcard(pattern, prefix));
}
