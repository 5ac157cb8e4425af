import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface ServerCertificate {
  /** PEM, private. */
  key: string;
  /** PEM; it is its own authority, so clients get it as the CA. */
  certificate: string;
}

const day = 24 * 60 * 60 * 1000;

/**
 * A new key and a self-signed certificate for localhost and an IPv4 address (RFC 5280). kubectl sends its token over TLS only, and neither
 * Node nor its packages here can make a certificate: hence the few lines of DER below.
 */
export function createServerCertificate(now: Date, address = '127.0.0.1'): ServerCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const name = sequence(setOf(sequence(oid('550403'), tagged(0x0c, Buffer.from('embedded cluster')))));
  const validity = sequence(time(now.getTime() - day), time(now.getTime() + 365 * day));
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    ecdsaWithSha256,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions(address))),
  );
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, ecdsaWithSha256, bitString(signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
  };
}

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));

function extensions(address: string): Buffer[] {
  const authority = sequence(tagged(0x01, Buffer.from([0xff])));
  const usage = tagged(0x03, Buffer.from([0x02, 0x84])); // digitalSignature, keyCertSign
  const serverAuthentication = sequence(oid('2b06010505070301'));
  const addresses = sequence(
    tagged(0x87, Buffer.from(address.split('.').map(Number))),
    tagged(0x82, Buffer.from('localhost')),
  );
  return [
    extension('551d13', authority, true),
    extension('551d0f', usage, true),
    extension('551d25', serverAuthentication, false),
    extension('551d11', addresses, false),
  ];
}

function extension(id: string, value: Buffer, critical: boolean): Buffer {
  const flag = critical ? [tagged(0x01, Buffer.from([0xff]))] : [];
  return sequence(oid(id), ...flag, tagged(0x04, value));
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function setOf(...parts: Buffer[]): Buffer {
  return tagged(0x31, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function bitString(bytes: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), bytes]));
}

function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '');
  return tagged(0x18, Buffer.from(text));
}

function tagged(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const hex = content.length.toString(16);
  const length = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 + length.length]), length, content]);
}
