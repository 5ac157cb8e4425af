/** Who follows which flow. */
export class FlowListeners {
  private readonly listeners = new Map<string, Set<() => void>>();

  /** Returns the end of the subscription. */
  add(flow: string, listener: () => void): () => void {
    const known = this.listeners.get(flow) ?? new Set();
    this.listeners.set(flow, known);
    // Not the listener itself, which may be added twice.
    function own(): void {
      listener();
    }
    known.add(own);
    return () => {
      known.delete(own);
      if (known.size === 0 && this.listeners.get(flow) === known) this.listeners.delete(flow);
    };
  }

  call(flow: string): void {
    for (const listener of this.listeners.get(flow) ?? []) listener();
  }
}
