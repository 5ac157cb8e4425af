/** Percent-encodes one segment of a path, also `!'()*`, which `encodeURIComponent` leaves and some HTTP clients rewrite. */
export function encodeSegment(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** So that paths can be appended. */
export function trimSlashes(address: string): string {
  return address.replace(/\/+$/, '');
}

/** Whether a host, without a port, is this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|(::ffff:)?127(\.\d+){3}|::1|\[(::1|::ffff:127(\.\d+){3})\])$/i.test(host);
}
