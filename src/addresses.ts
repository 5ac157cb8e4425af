/** So that paths can be appended. */
export function trimSlashes(address: string): string {
  return address.replace(/\/+$/, '');
}

/** Whether a host's name or address, without a port, means this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|(::ffff:)?127(\.\d+){3}|::1|\[(::1|::ffff:127(\.\d+){3})\])$/i.test(host);
}
