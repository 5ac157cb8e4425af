import contentDisposition from 'content-disposition';

/**
 * A Content-Disposition with a file's name (RFC 6266): one of plain characters for old receivers, the true one beside it. Always an
 * attachment: a result is not a page of ours.
 */
export function attachment(fileName: string): string {
  return contentDisposition(fileName, { fallback: fileName.replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_') });
}
