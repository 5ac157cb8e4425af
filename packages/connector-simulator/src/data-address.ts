/** EDC's vocabulary: prefix of its JSON-LD members and of data address properties. */
export const namespace = 'https://w3id.org/edc/v0.0.1/ns/';

export type DataAddress = Readonly<Record<string, string>>;

/** The data plane's request for an address, or the reason why it cannot make one. */
export type SourceRequest =
  | {
      readonly ok: true;
      readonly url: URL;
      readonly method: string;
      readonly headers: Record<string, string>;
    }
  | { readonly ok: false; readonly problem: string };

/** Reads the data address of a callback; undefined if it has no type. */
export function readDataAddress(json: Record<string, unknown>): DataAddress | undefined {
  const properties = typeof json['properties'] === 'object' ? json['properties'] : {};
  const merged = { ...pick(json, 'type'), ...pick(json, 'keyName'), ...properties };
  const address: Record<string, string> = {};
  for (const [key, value] of Object.entries(merged)) {
    if (typeof value === 'string') address[key] = value;
  }
  return addressType(address) === undefined ? undefined : address;
}

export function addressType(address: DataAddress): string | undefined {
  return property(address, 'type');
}

/** `baseUrl` is read by its full name only, the other properties by their plain name as well. */
export function buildSourceRequest(address: DataAddress): SourceRequest {
  const baseUrl = address[`${namespace}baseUrl`];
  if (baseUrl === undefined)
    return { ok: false, problem: "'baseUrl' property is missing in HttpDataAddress" };
  if (!URL.canParse(baseUrl)) return { ok: false, problem: `'baseUrl' is not a URL: ${baseUrl}` };
  const url = new URL(baseUrl);
  const path = property(address, 'path');
  if (path) url.pathname = `${url.pathname.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
  const queryParams = property(address, 'queryParams');
  if (queryParams) url.search = queryParams;
  return { ok: true, url, method: property(address, 'method') ?? 'GET', headers: additionalHeaders(address) };
}

function additionalHeaders(address: DataAddress): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(address)) {
    if (key.startsWith('header:')) headers[key.slice('header:'.length)] = value;
  }
  const [authKey, authCode] = [property(address, 'authKey'), property(address, 'authCode')];
  if (authKey !== undefined && authCode !== undefined) headers[authKey] = authCode;
  return headers;
}

export function property(address: DataAddress, name: string): string | undefined {
  return address[`${namespace}${name}`] ?? address[name];
}

function pick(json: Record<string, unknown>, name: string): Record<string, unknown> {
  return name in json ? { [name]: json[name] } : {};
}
