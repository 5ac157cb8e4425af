import type { ConformanceTest, Step, TestRun } from '../conformance-test.ts';
import { httpPull, type FlowKind } from '../protocol.ts';
import { create } from '../steps/create.ts';
import { expectRefusal, reach, send, sendMessage } from '../steps/messages.ts';
import { checkRenewable, providerAddress, refuseRenewal, renew } from '../steps/renewal.ts';

const renewable = [create('STARTED'), checkRenewable, reach('STARTED')];

const rows: readonly (readonly [id: string, kind: FlowKind, title: string, steps: readonly Step[]])[] = [
  [
    'DP_C_HTTP_PULL:01-01',
    'consumer-pull',
    'prepare, started with an address that can be renewed',
    [create('PREPARED'), startedRenewable, reach('STARTED')],
  ],
  [
    'DP_C_HTTP_PULL:02-01',
    'consumer-pull',
    'prepare, started with an address that cannot be renewed is refused',
    [create('PREPARED'), refuseWithoutRenewal],
  ],
  [
    'DP_P_HTTP_PULL:01-01',
    'provider-pull',
    'start with an address that can be renewed, renewal',
    [...renewable, renew],
  ],
  [
    'DP_P_HTTP_PULL:02-01',
    'provider-pull',
    'start, renewal with an unknown refresh token is refused',
    [...renewable, refuseRenewal({ refreshToken: 'invalid-refresh-token' })],
  ],
  [
    'DP_P_HTTP_PULL:02-02',
    'provider-pull',
    'start, renewal with a token for another audience is refused',
    [...renewable, refuseRenewal({ audience: 'did:web:invalid-audience' })],
  ],
];

/** The 5 tests of the public kit (version 1.2.0) with the tag `http-profile`. */
export const httpProfile: readonly ConformanceTest[] = rows.map(([id, kind, title, steps]) => ({
  id,
  tags: ['http-profile', 'sync'],
  title,
  kind,
  fixture: 'sync',
  profile: httpPull,
  steps,
}));

async function startedRenewable(run: TestRun): Promise<void> {
  await send('started', { dataAddress: providerAddress({ renewable: true }) })(run);
}

async function refuseWithoutRenewal(run: TestRun): Promise<void> {
  const dataAddress = providerAddress({ renewable: false });
  expectRefusal('started without renewal', await sendMessage(run, 'started', { dataAddress }));
}
