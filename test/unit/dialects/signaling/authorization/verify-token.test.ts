import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { TokenRules } from '../../../../../src/dialects/signaling/authorization/check-claims.ts';
import type { ControlPlane } from '../../../../../src/dialects/signaling/authorization/control-plane.ts';
import type { Authorization } from '../../../../../src/dialects/signaling/authorization/schemas.ts';
import {
  createTokenVerifier,
  type VerifierOptions,
} from '../../../../../src/dialects/signaling/authorization/verify-token.ts';
import { isServiceError } from '../../../../../src/errors.ts';
import { problemOf } from '../../../../../src/http/problem.ts';
import { createLogger } from '../../../../../src/log.ts';
import { newAgent, stoppedClocks, type Clocks } from '../loopback-server.ts';
import { newSigner, type Claims, type Signer } from '../signer.ts';

const rules: TokenRules = {
  dataplaneId: 'jobs',
  audience: 'checked',
  clockSkewSeconds: 30,
  keyless: 'refuse',
  replays: 'accept',
};

function newVerifier(t: TestContext, clocks: Clocks, options: Partial<VerifierOptions> = {}) {
  return createTokenVerifier({
    dispatcher: newAgent(t),
    log: createLogger('silent'),
    stopping: t.signal,
    now: () => new Date(clocks.wall),
    monotonic: () => clocks.monotonic,
    ...options,
  });
}

function clientCredentials(members: object): Authorization {
  return {
    type: 'oauth2_client_credentials',
    tokenEndpoint: 'http://idp.test/token',
    clientId: 'jobs',
    clientSecret: 'secret-of-the-client',
    ...members,
  };
}

function signedBy({ jwk }: Signer, id = 'cp-1'): ControlPlane {
  return { id, endpoint: 'http://cp.test', authorization: clientCredentials({ jwks: { keys: [jwk] } }) };
}

function claimsAt({ wall }: Clocks, members: Claims = {}): Claims {
  const now = wall / 1000;
  return { iss: 'http://idp.test', sub: 'cp-1', aud: 'jobs', iat: now, exp: now + 300, ...members };
}

/** The refusal says what was expected, and shows nothing of the header. */
async function assertRefused(call: Promise<unknown>, detail: RegExp, header = ''): Promise<void> {
  await assert.rejects(call, (error) => {
    const problem = problemOf(error);
    assert.equal(problem.status, 401);
    assert.equal(problem.field, 'Authorization');
    assert.match(problem.detail, detail);
    for (const part of header.split(/[ .]/).filter(({ length }) => length > 10))
      assert.ok(!JSON.stringify(problem).includes(part), problem.detail);
    return true;
  });
}

test('a token identifies the control plane that its sub names, by the key that its kid names', async (t) => {
  const clocks = stoppedClocks();
  const signers = [await newSigner('a'), await newSigner('b', 'RS256'), await newSigner('c', 'EdDSA')];
  const keys = signers.map(({ jwk }) => jwk);
  const controlPlane: ControlPlane = {
    id: 'cp-1',
    endpoint: 'http://cp.test',
    authorization: clientCredentials({ jwks: { keys } }),
  };
  const known = [signedBy(await newSigner('a'), 'cp-0'), controlPlane];
  const verifier = newVerifier(t, clocks);
  for (const signer of signers) {
    const token = await signer.sign(claimsAt(clocks, { aud: ['other', 'jobs'] }));
    for (const header of [`Bearer ${token}`, `bearer ${token}`])
      assert.equal(await verifier.identify({ header, known, rules }, t.signal), controlPlane);
  }
});

interface Refused {
  name: string;
  claims?: Claims;
  detail: RegExp;
}

const hour = 3600;
const start = stoppedClocks().wall / 1000;
const refused: Refused[] = [
  { name: 'no expiry', claims: { exp: undefined }, detail: /exp: expected a time that has not passed/ },
  { name: 'an expiry that is text', claims: { exp: '9999999999' }, detail: /exp:/ },
  { name: 'an expiry that has passed', claims: { exp: start - hour }, detail: /exp:.*30 s/ },
  { name: 'no time of issue', claims: { iat: undefined }, detail: /iat: expected a time in the past/ },
  { name: 'a time of issue in the future', claims: { iat: start + hour }, detail: /iat:.*30 s/ },
  { name: 'a start in the future', claims: { nbf: start + hour }, detail: /nbf:/ },
  { name: 'no audience', claims: { aud: undefined }, detail: /aud: expected the id of this data plane/ },
  { name: 'another audience', claims: { aud: ['jobs-2', 'JOBS'] }, detail: /aud:/ },
  { name: 'no issuer', claims: { iss: undefined }, detail: /iss: expected the issuer/ },
  {
    name: 'no subject',
    claims: { sub: undefined },
    detail: /sub: expected the id of a registered control plane/,
  },
  { name: 'an unknown subject', claims: { sub: 'cp-2' }, detail: /sub:/ },
];
for (const { name, claims, detail } of refused) {
  test(`a token is refused: ${name}`, async (t) => {
    const clocks = stoppedClocks();
    const signer = await newSigner('a');
    const header = `Bearer ${await signer.sign(claimsAt(clocks, claims))}`;
    const call = newVerifier(t, clocks).identify({ header, known: [signedBy(signer)], rules }, t.signal);
    await assertRefused(call, detail, header);
  });
}

test('a header without a token is refused, and so is a token that no registered key has signed', async (t) => {
  const clocks = stoppedClocks();
  const signer = await newSigner('a');
  const claims = claimsAt(clocks);
  const token = await signer.sign(claims);
  const [head = '', payload = ''] = token.split('.');
  const publicKey = new TextEncoder().encode(JSON.stringify(signer.jwk));
  const byPublicKey = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', kid: 'a' })
    .sign(publicKey);
  const headers = [
    { header: undefined, detail: /the header: expected Bearer/ },
    { header: '', detail: /the header/ },
    { header: 'Basic amFuZTpkb2U=', detail: /the header/ },
    { header: 'Bearer one-that-is-no-jwt', detail: /the header/ },
    { header: `Bearer ${token} ${token}`, detail: /the header/ },
    { header: `Bearer ${await (await newSigner('a')).sign(claims)}`, detail: /signature/ },
    { header: `Bearer ${await (await newSigner('b')).sign(claims)}`, detail: /signature/ },
    { header: `Bearer ${head}.${payload}.`, detail: /signature/ },
    { header: `Bearer ${new UnsecuredJWT(claims).encode()}`, detail: /signature/ },
    { header: `Bearer ${byPublicKey}`, detail: /signature/ },
  ];
  const verifier = newVerifier(t, clocks);
  for (const { header, detail } of headers)
    await assertRefused(
      verifier.identify({ header, known: [signedBy(signer)], rules }, t.signal),
      detail,
      header,
    );
});

const wrongClocks = [
  { name: '60 s fast', seconds: 60, skew: 30, refusal: /exp:/, lifetime: 20 },
  { name: '60 s slow', seconds: -60, skew: 30, refusal: /iat:/, lifetime: 20 },
  { name: '60 s fast, 90 s allowed', seconds: 60, skew: 90, lifetime: 20 },
  { name: '60 s slow, 90 s allowed', seconds: -60, skew: 90, lifetime: 20 },
  { name: '29 s fast, at the end of the token', seconds: 29, skew: 30, lifetime: 1 },
  { name: '30 s slow', seconds: -30, skew: 30, lifetime: 20 },
  { name: '60 s fast, a token that lives longer', seconds: 60, skew: 30, lifetime: 300 },
].map((one) => ({ refusal: undefined, ...one }));
for (const { name, seconds, skew, refusal, lifetime } of wrongClocks) {
  test(`this side's clock is ${name}: a new token is ${refusal === undefined ? 'taken' : 'refused'}`, async (t) => {
    const theirs = stoppedClocks();
    const signer = await newSigner('a');
    const claims = claimsAt(theirs, { exp: theirs.wall / 1000 + lifetime });
    const header = `Bearer ${await signer.sign(claims)}`;
    const ours = { ...stoppedClocks(), wall: theirs.wall + seconds * 1000 };
    const call = { header, known: [signedBy(signer)], rules: { ...rules, clockSkewSeconds: skew } };
    const identified = newVerifier(t, ours).identify(call, t.signal);
    if (refusal === undefined) assert.equal((await identified).id, 'cp-1');
    else await assertRefused(identified, refusal, header);
  });
}

test('any audience is taken where it is ignored', async (t) => {
  const clocks = stoppedClocks();
  const signer = await newSigner('a');
  const verifier = newVerifier(t, clocks);
  for (const aud of ['other', undefined]) {
    const header = `Bearer ${await signer.sign(claimsAt(clocks, { aud }))}`;
    const call = { header, known: [signedBy(signer)], rules: { ...rules, audience: 'ignored' } as const };
    assert.equal((await verifier.identify(call, t.signal)).id, 'cp-1');
  }
});

test('a registration without keys is refused, and taken without a signature where that is allowed', async (t) => {
  const clocks = stoppedClocks();
  const known = [{ id: 'cp-1', endpoint: 'http://cp.test', authorization: clientCredentials({}) }];
  const signer = await newSigner('a');
  const header = `Bearer ${await signer.sign(claimsAt(clocks))}`;
  const verifier = newVerifier(t, clocks);
  await assertRefused(verifier.identify({ header, known, rules }, t.signal), /with jwks or jwksUri/, header);
  const lenient = { ...rules, keyless: 'accept' } as const;
  assert.equal((await verifier.identify({ header, known, rules: lenient }, t.signal)).id, 'cp-1');
  const expired = `Bearer ${await signer.sign(claimsAt(clocks, { exp: 1 }))}`;
  await assertRefused(
    verifier.identify({ header: expired, known, rules: lenient }, t.signal),
    /exp:/,
    expired,
  );
});

test('a control plane without an authorization needs no header, and takes no token of another', async (t) => {
  const clocks = stoppedClocks();
  const signer = await newSigner('a');
  const open = { id: 'cp-0', endpoint: 'http://open.test' };
  const known = [signedBy(signer), open];
  const verifier = newVerifier(t, clocks);
  for (const header of [undefined, 'dummy-authorization', 'Bearer opaque'])
    assert.equal(await verifier.identify({ header, known, rules }, t.signal), open);
  const header = `Bearer ${await signer.sign(claimsAt(clocks, { exp: 1 }))}`;
  await assertRefused(verifier.identify({ header, known, rules }, t.signal), /exp:/, header);
  const two = [open, { id: 'cp-3', endpoint: 'http://open.test' }];
  await assertRefused(verifier.identify({ header: undefined, known: two, rules }, t.signal), /the header/);
});

test('a token with jti is taken once where replays are refused, by each control plane for itself', async (t) => {
  const clocks = stoppedClocks();
  const signer = await newSigner('a');
  const known = [signedBy(signer), signedBy(signer, 'cp-2')];
  const strict = { ...rules, replays: 'refuse' } as const;
  const verifier = newVerifier(t, clocks);
  async function headerOf(claims: Claims): Promise<string> {
    return `Bearer ${await signer.sign(claimsAt(clocks, claims))}`;
  }
  const header = await headerOf({ jti: 'one' });
  assert.equal((await verifier.identify({ header, known, rules: strict }, t.signal)).id, 'cp-1');
  await assertRefused(verifier.identify({ header, known, rules: strict }, t.signal), /jti:/, header);
  assert.equal((await verifier.identify({ header, known, rules }, t.signal)).id, 'cp-1');
  const others = [
    await headerOf({ jti: 'two' }),
    await headerOf({ jti: 'one', sub: 'cp-2' }),
    await headerOf({}),
  ];
  for (const other of others) await verifier.identify({ header: other, known, rules: strict }, t.signal);
});

test('a refused token does not use up its jti', async (t) => {
  const clocks = stoppedClocks();
  const signer = await newSigner('a');
  const strict = { ...rules, replays: 'refuse' } as const;
  const verifier = newVerifier(t, clocks);
  const header = `Bearer ${await signer.sign(claimsAt(clocks, { jti: 'one' }))}`;
  const forged = `Bearer ${await (await newSigner('a')).sign(claimsAt(clocks, { jti: 'one' }))}`;
  const known = [signedBy(signer)];
  await assertRefused(verifier.identify({ header: forged, known, rules: strict }, t.signal), /signature/);
  assert.equal((await verifier.identify({ header, known, rules: strict }, t.signal)).id, 'cp-1');
});

test('a problem of this service is none of the token', async (t) => {
  const clocks = stoppedClocks();
  const signer = await newSigner('a');
  const known = [
    { ...signedBy(signer), authorization: clientCredentials({ jwksUri: 'http://127.0.0.1:1/keys' }) },
  ];
  const header = `Bearer ${await signer.sign(claimsAt(clocks))}`;
  await assert.rejects(newVerifier(t, clocks).identify({ header, known, rules }, t.signal), (error) =>
    isServiceError(error, 'unavailable'),
  );
});
