import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';

/** Of any type, so that a test can make wrong ones; `undefined` is no claim. */
export type Claims = Record<string, unknown>;

/** A key pair of a control plane, which signs tokens. */
export interface Signer {
  jwk: JWK;
  sign(claims: Claims, header?: { kid?: string }): Promise<string>;
}

/** Without `kid` neither the key nor its tokens have one. */
export async function newSigner(kid?: string, alg = 'ES256'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const named = kid === undefined ? {} : { kid };
  return {
    jwk: { ...(await exportJWK(publicKey)), ...named, alg, use: 'sig' },
    sign: (claims, header = named) =>
      new SignJWT(claims).setProtectedHeader({ alg, ...header }).sign(privateKey),
  };
}
