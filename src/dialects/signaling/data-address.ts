import { invalidRequest, type ServiceError } from '../../errors.ts';
import type { DataAddress, InboxAddress } from '../../flow/outcome.ts';
import { namespace } from '../edc/names.ts';
import { s3Properties } from '../edc/s3-properties.ts';
import type { DataAddressBody, DataFlowStatusMessage } from './schemas.ts';

/** A data address as the other side sends it, of any type. */
export interface ReceivedAddress {
  endpointType: string;
  endpoint?: string;
  properties: ReadonlyMap<string, string>;
}

/** An address that HTTP reaches. */
export interface HttpEndpoint {
  url: string;
  headers: Record<string, string>;
}

/**
 * EDC adds its own names to the properties: `…/ns/type` and `…/ns/endpoint` repeat the members, and others may stand under the full name.
 * A bare name wins, then the first one.
 */
export function readAddress({
  endpointType,
  endpoint,
  endpointProperties = [],
}: DataAddressBody): ReceivedAddress {
  const bare = endpointProperties.filter(({ name }) => !name.startsWith(namespace));
  const named = endpointProperties
    .filter(({ name }) => name.startsWith(namespace))
    .map(({ name, value }) => ({ name: name.slice(namespace.length), value }));
  const properties = new Map<string, string>();
  for (const { name, value } of [...bare, ...named]) if (!properties.has(name)) properties.set(name, value);
  const url = endpoint ?? named.find(({ name }) => name === 'endpoint')?.value;
  properties.delete('type');
  properties.delete('endpoint');
  return { endpointType, ...(url === undefined ? {} : { endpoint: url }), properties };
}

const idsaHttp = 'https://w3id.org/idsa/v4.1/HTTP';
const httpProfiles = [
  'https://w3id.org/dspace-sig/profile/http-pull',
  'https://w3id.org/dspace-sig/profile/http-push',
];
const httpTypes = [idsaHttp, ...httpProfiles, 'HttpData'];

/** Throws `invalid-request` that names the member, for an address that this service cannot use. Its values are not shown: they are secret. */
export function readHttpEndpoint({ endpointType, endpoint, properties }: ReceivedAddress): HttpEndpoint {
  if (!httpTypes.includes(endpointType)) throw unusable('endpointType', `one of ${httpTypes.join(', ')}`);
  const schemes = httpProfiles.includes(endpointType) ? ['https:'] : ['http:', 'https:'];
  const url = endpoint !== undefined && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !schemes.includes(url.protocol) || url.username !== '' || url.password !== '')
    throw unusable('endpoint', `a URL of ${schemes.join(' or ')} without user and password`);
  return { url: url.href, headers: readAuthorization(properties) };
}

/** Throws `invalid-request` for an address of the HTTP profile without the properties of `profiles/token-renewal.md`. */
export function checkRenewable(address: ReceivedAddress | undefined): void {
  if (address === undefined) return;
  const { endpointType, properties } = address;
  const isRenewable = properties.has('refreshToken') && properties.has('expiresIn');
  if (httpProfiles.includes(endpointType) && !isRenewable)
    throw unusable(
      'endpointProperties',
      'refreshToken and expiresIn, since this side wants a renewable token',
    );
}

function readAuthorization(properties: ReadonlyMap<string, string>): Record<string, string> {
  const token = properties.get('authorization');
  if (token === undefined) return {};
  if (properties.get('authType')?.toLowerCase() !== 'bearer')
    throw unusable('endpointProperties', 'authType "bearer" beside authorization');
  // A line break in a header would end it.
  if (!/^[!-~]+$/.test(token))
    throw unusable('endpointProperties', 'an authorization of printable ASCII characters without spaces');
  return { authorization: `Bearer ${token}` };
}

function unusable(member: string, expected: string): ServiceError {
  return invalidRequest(`dataAddress.${member}`, expected);
}

/** The type of this side's own address: that of an HTTP profile has the profile's own name. */
export function endpointTypeOf(profile: string): string {
  return httpProfiles.includes(profile) ? profile : idsaHttp;
}

/** Whether the consumer of a pull with this profile may get an address of S3. */
export function carriesS3(profile: string): boolean {
  return /-pull$/i.test(profile) && !/^HttpData-/i.test(profile) && !httpProfiles.includes(profile);
}

/**
 * This side's own address. One of S3 has its keys among the properties. That of the HTTP profile has its token among the properties (`profiles/http.md`), and a consumer with a
 * `did:web` renews it (`profiles/token-renewal.md`); another one gets a token that lasts. Other profiles have it in the path.
 */
export function ownAddress(
  { profile, consumer }: { profile: string; consumer: string | undefined },
  address: DataAddress,
): WireAddress {
  if (address.type === 'AmazonS3') return buildAddress(address.type, address.endpoint, s3Properties(address));
  const { baseUrl, bearer } = address;
  const type = endpointTypeOf(profile);
  if (!httpProfiles.includes(profile) || bearer === undefined) return buildAddress(type, baseUrl);
  const { url, lastingToken, renewal } = bearer;
  if (consumer?.startsWith('did:web:') !== true) return buildAddress(type, url, bearerOf(lastingToken));
  const { accessToken, refreshToken, expiresIn, refreshUrl } = renewal;
  const renewed = { refreshToken, expiresIn: String(expiresIn), refreshEndpoint: refreshUrl };
  return buildAddress(type, url, { ...bearerOf(accessToken), ...renewed });
}

/** Where this side takes what is pushed to it. */
export function ownInbox(profile: string, { url, bearer }: InboxAddress): WireAddress {
  const type = endpointTypeOf(profile);
  return httpProfiles.includes(profile)
    ? buildAddress(type, bearer.url, bearerOf(bearer.token))
    : buildAddress(type, url);
}

function bearerOf(token: string): Record<string, string> {
  return { authorization: token, authType: 'bearer' };
}

type WireAddress = NonNullable<DataFlowStatusMessage['dataAddress']>;

/** With every `@type`, and without the list of properties if there is none: the schema of the dataspace protocol wants both. */
export function buildAddress(
  endpointType: string,
  endpoint: string,
  properties: Readonly<Record<string, string>> = {},
): WireAddress {
  const endpointProperties = Object.entries(properties).map(([name, value]) => ({
    '@type': 'EndpointProperty' as const,
    name,
    value,
  }));
  return {
    '@type': 'DataAddress',
    endpointType,
    endpoint,
    ...(endpointProperties.length === 0 ? {} : { endpointProperties }),
  };
}
