/** Waits for calls that may come at any time: one that comes while nobody waits ends the next wait. */
export class Wake {
  #woken = Promise.withResolvers<undefined>();

  readonly call = (): void => {
    this.#woken.resolve(undefined);
  };

  /** Ends with a call, after so many milliseconds, or when the signal aborts. */
  async wait(millis: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const timer = setTimeout(this.call, millis);
    signal.addEventListener('abort', this.call, { once: true });
    try {
      await this.#woken.promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', this.call);
      this.#woken = Promise.withResolvers();
    }
  }
}
