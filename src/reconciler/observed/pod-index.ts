/** Which pods a flow has, so that a pass reads its own alone. */
export class PodIndex {
  private readonly pods = new Map<string, Set<string>>();

  set(flow: string, pod: string, gone: boolean): void {
    const known = this.pods.get(flow) ?? new Set();
    if (gone) known.delete(pod);
    else known.add(pod);
    if (known.size === 0) this.pods.delete(flow);
    else this.pods.set(flow, known);
  }

  of(flow: string): string[] {
    return [...(this.pods.get(flow) ?? [])];
  }
}
