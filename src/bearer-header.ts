/** The token of a header `Authorization: Bearer …` (RFC 6750); undefined for another scheme. */
export function readBearer(header = ''): string | undefined {
  return /^bearer +([\w.~+/-]+=*) *$/i.exec(header)?.[1];
}
