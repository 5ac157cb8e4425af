/** The sidecar's termination message (at most 4,096 bytes) is JSON of one of these. */
export type SidecarReport =
  | { manifest: { sha256: string; etag: string; files: number; bytes: number } }
  /** `input`: the name of the one that could not be fetched. */
  | { error: { message: string; path?: string; input?: string } };

/** Undefined for a message that is no report. */
export function parseReport(message: string | undefined): SidecarReport | undefined {
  try {
    const value: unknown = JSON.parse(message ?? '');
    return isReport(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isReport(value: unknown): value is SidecarReport {
  if (typeof value !== 'object' || value === null) return false;
  if ('error' in value) return typeof (value.error as { message?: unknown }).message === 'string';
  if (!('manifest' in value)) return false;
  const { sha256, etag, files, bytes } = value.manifest as Record<string, unknown>;
  return (
    typeof sha256 === 'string' &&
    typeof etag === 'string' &&
    typeof files === 'number' &&
    typeof bytes === 'number'
  );
}

/** Why an input could not be fetched, if the sidecar's termination message says so. */
export function inputFailure(message: string | undefined): { input: string; message: string } | undefined {
  const report = parseReport(message);
  if (report === undefined || !('error' in report)) return undefined;
  const { input, message: why } = report.error;
  return typeof input === 'string' ? { input, message: why } : undefined;
}
