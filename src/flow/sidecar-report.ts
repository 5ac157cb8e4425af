/** What the sidecar's termination message (at most 4,096 bytes) says: JSON of one of these. */
export type SidecarReport =
  | { manifest: { sha256: string; etag: string; files: number; bytes: number } }
  | { error: { message: string; path?: string } };
