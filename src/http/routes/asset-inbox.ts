import { hash } from 'node:crypto';
import { deliverEnvFile, type EnvFileDelivery } from '../../asset-inboxes/deliver-env-file.ts';
import { deliverInput } from '../../asset-inboxes/deliver-input.ts';
import type { InboxAnswer } from '../../asset-inboxes/delivered-body.ts';
import { readInboxToken, type AssetInbox } from '../../asset-inboxes/inbox-token.ts';
import type { Secrets } from '../../config/config.ts';
import { ServiceError } from '../../errors.ts';
import type { ReceptionSlots } from '../../inbox/reception-slots.ts';
import { takesNothing } from '../../inbox/receive-file.ts';
import { withinDeadline } from '../../until-aborted.ts';
import type { UploadParts } from '../../uploads/receive-upload.ts';
import { readBytes } from '../read-json.ts';
import type { HttpContext } from '../route.ts';

export interface AssetInboxDeps {
  deliveries: EnvFileDelivery;
  inputFiles: UploadParts & { slots: ReceptionSlots };
  keys: Secrets['resultKeys'];
  now: () => Date;
}

/** Takes the one body of an inbox that people have made for an asset. The token is checked before the body is read. */
export async function receiveForAsset(ctx: HttpContext, deps: AssetInboxDeps, token: string): Promise<void> {
  const verdict = readInboxToken(token, { keys: deps.keys, now: deps.now() });
  if (verdict.state === 'wrong') throw new ServiceError('not-found', 'there is no such inbox');
  if (verdict.state === 'expired') throw takesNothing();
  const { inbox } = verdict;
  const { connector, assetId, name } = inbox;
  ctx.state.logged = { connector, assetId, inbox: inbox.id };
  const received = await deps.inputFiles.slots.with(() =>
    inbox.kind === 'env' ? takeEnvFile(ctx, deps, { inbox, token }) : takeInput(ctx, deps, { inbox, token }),
  );
  ctx.status = 201;
  ctx.body = { name, ...received };
}

interface Received extends InboxAnswer {
  size: number;
  sha256: string;
}

const bodyMillis = 30_000;

async function takeEnvFile(
  ctx: HttpContext,
  { deliveries }: AssetInboxDeps,
  { inbox, token }: { inbox: AssetInbox; token: string },
): Promise<Received> {
  const { signal } = ctx.state;
  const limit = { limitBytes: inbox.maxBytes, setting: 'maxBytes of this inbox' };
  const bytes = await withinDeadline(() => readBytes(ctx.req, limit), bodyMillis, signal);
  const answer = await deliverEnvFile(deliveries, { inbox, token, bytes }, signal);
  return { size: bytes.length, sha256: hash('sha256', bytes), ...answer };
}

async function takeInput(
  { req, state }: HttpContext,
  { inputFiles }: AssetInboxDeps,
  { inbox, token }: { inbox: AssetInbox; token: string },
): Promise<Received> {
  const delivery = { inbox, token, headers: req.headers, body: req };
  const { stored, answer } = await deliverInput(inputFiles, delivery, state.signal);
  return { size: stored.size, sha256: stored.sha256, ...answer };
}
