/** Keys of what an attempt has in the bucket. Shared with the pod half, so this file imports nothing. */
export function attemptPrefix(flow: string, attempt: string): string {
  return `flows/${flow}/${attempt}/`;
}

export function manifestKey(flow: string, attempt: string): string {
  return `${attemptPrefix(flow, attempt)}manifest.json`;
}
