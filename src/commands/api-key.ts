import { hash, randomBytes } from 'node:crypto';
import { apiScopes } from '../config/settings/api.ts';
import { readArguments, UsageError } from './command-line.ts';

const help = `Usage: edc-job-provisioner api-key NAME [options]

Makes a key of the API and prints it with its entry for the settings (api.keys), which holds only its SHA-256. The key is kept
nowhere and cannot be printed again. Two entries of one name are two keys of the same caller.

  --scope SCOPE  what it may be used for, may be repeated: ${apiScopes.join(', ')}; default: run, read, results
  --help         print this

Example: edc-job-provisioner api-key ann --scope read --scope results
`;

/** As a DNS label: the name of a key is shown in logs and jobs. */
const namePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

export function apiKeyCommand(args: string[]): Promise<void> {
  const read = readArguments('api-key', help, {
    args,
    allowPositionals: true,
    options: { scope: { type: 'string', multiple: true, default: ['run', 'read', 'results'] } },
  });
  if (read === undefined) return Promise.resolve();
  const [name = '', ...more] = read.positionals;
  const unknown = read.values.scope.find((scope) => !(apiScopes as readonly string[]).includes(scope));
  if (more.length > 0 || !namePattern.test(name))
    throw new UsageError('expected one NAME of lower-case letters, digits and -');
  if (unknown !== undefined)
    throw new UsageError(`--scope: expected one of ${apiScopes.join(', ')}, received "${unknown}"`);
  // 256 random bits.
  const key = randomBytes(32).toString('base64url');
  process.stdout.write(`${key}\n\n${describeEntry({ name, key, scopes: read.values.scope })}`);
  return Promise.resolve();
}

function describeEntry({ name, key, scopes }: { name: string; key: string; scopes: string[] }): string {
  return [
    'api:',
    '  keys:',
    `    - name: ${JSON.stringify(name)}`,
    `      sha256: ${JSON.stringify(hash('sha256', key))}`,
    `      scopes: [${[...new Set(scopes)].join(', ')}]`,
    '',
  ].join('\n');
}
