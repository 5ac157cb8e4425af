const mebibyte = 1024 * 1024;

/** S3's own limit. */
export const maxParts = 10_000;

/** A file up to this is one object in one request; a larger one is uploaded in parts of this, or more. */
export const partBytes = 8 * mebibyte;

/** 8 MiB, growing by whole MiB with the file so that its parts are at most 10,000. */
export function partSizeOf(fileBytes: number): number {
  const needed = Math.ceil(fileBytes / maxParts / mebibyte) * mebibyte;
  return Math.max(partBytes, needed);
}
