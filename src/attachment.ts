import contentDisposition from 'content-disposition';

/**
 * A Content-Disposition with a file name (RFC 6266), once in plain characters for old receivers and once as it is. Always an attachment:
 * a browser must not show a result as a page of this service.
 */
export function attachment(fileName: string): string {
  return contentDisposition(fileName, { fallback: fileName.replaceAll(/[^\x20-\x7e]|["\\%]/gu, '_') });
}
