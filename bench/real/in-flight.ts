/** Does all items with so many under way at once; the first failure is thrown when the rest has ended. */
export async function inFlight<T>(
  items: readonly T[],
  atOnce: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  async function lane(): Promise<void> {
    for (const item of queue) await act(item);
  }
  const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  const failed = lanes.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
