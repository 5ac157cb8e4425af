import type { EnvFiles } from '../env-files/env-files.ts';
import { readEnvFile } from '../env-files/read-env-file.ts';
import { chooseTemplate } from '../template/choose-template.ts';
import type { Template } from '../template/template.ts';
import {
  claimInbox,
  digestBody,
  findAnswer,
  saveAnswer,
  type BodyDependencies,
  type InboxAnswer,
} from './delivered-body.ts';
import type { AssetInbox } from './inbox-token.ts';

export interface EnvFileDelivery extends BodyDependencies {
  envFiles: Pick<EnvFiles, 'write'>;
  templates: readonly Template[];
  envFileLimits: { maxVariables: number };
}

/**
 * Makes the body the next version of the env file of the inbox's owner. A refused body leaves the inbox open. A repeat of the taken body is
 * answered as the first, also if the service died in between; another body is a `conflict`.
 */
export async function deliverEnvFile(
  deps: EnvFileDelivery,
  { inbox, token, bytes }: { inbox: AssetInbox; token: string; bytes: Buffer },
  signal: AbortSignal,
): Promise<InboxAnswer> {
  const { id, connector, assetId, consumer, secret } = inbox;
  const body = digestBody(bytes, token);
  const known = await findAnswer(deps, { id, body }, signal);
  if (known !== undefined) return known;
  const template = chooseTemplate(deps.templates, { template: inbox.template, assetId });
  const { content, values } = readEnvFile(template, {
    ...{ bytes, secret, assetId, owner: consumer === undefined ? 'asset' : 'consumer' },
    maxVariables: deps.envFileLimits.maxVariables,
  });
  await claimInbox(deps, { id, body }, signal);
  const createdBy = `an inbox of ${inbox.createdBy}`;
  const file = { content, secret, template: template.name, names: Object.keys(values), createdBy };
  const owner = { connector, assetId, ...(consumer === undefined ? {} : { consumer }) };
  const written = await deps.envFiles.write({ owner, file, check: () => undefined }, signal);
  const { version, digest } = written.file;
  return await saveAnswer(deps, { inbox, body, answer: { envFile: { version, digest } } }, signal);
}
