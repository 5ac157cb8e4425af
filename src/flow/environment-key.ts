const name = /^flows\/[^/]+\/environment-(\d{1,16})\.json$/;

/** An environment that is too large for an annotation. Each request writes its own: what a dead one left is deleted by its age. */
export function environmentKey(flow: string, acceptedAt: string): string {
  return `flows/${flow}/environment-${Date.parse(acceptedAt)}.json`;
}

/** Whether a key is of an environment that was written after a time, in milliseconds since the epoch. */
export function environmentBornAfter(key: string, millis: number): boolean {
  const [, born] = name.exec(key) ?? [];
  return born !== undefined && Number(born) > millis;
}
