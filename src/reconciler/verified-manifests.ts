import type { Manifest } from '../result/manifest.ts';

/** Longer than a pass takes from the verification to the callback; later the results may have been touched. */
const keptMillis = 5000;
/** As many as passes run at once, and none that is large. */
const keptManifests = 64;
const mostFiles = 1000;

/**
 * Manifests that were verified a moment ago, for the address that is built next: each is handed out once, so that a delivery that is tried
 * again reads what is in the store then.
 */
export class VerifiedManifests {
  private readonly kept = new Map<string, { manifest: Manifest; sha256: string; at: number }>();
  private readonly monotonic: () => number;

  constructor(monotonic: () => number = () => performance.now()) {
    this.monotonic = monotonic;
  }

  keep(manifest: Manifest, sha256: string): void {
    if (manifest.files.length > mostFiles) return;
    this.kept.delete(manifest.flow);
    this.kept.set(manifest.flow, { manifest, sha256, at: this.monotonic() });
    const [oldest] = this.kept.keys();
    if (this.kept.size > keptManifests && oldest !== undefined) this.kept.delete(oldest);
  }

  take(flow: string, sha256: string): Manifest | undefined {
    const found = this.kept.get(flow);
    this.kept.delete(flow);
    if (found?.sha256 !== sha256 || this.monotonic() - found.at > keptMillis) return undefined;
    return found.manifest;
  }
}
