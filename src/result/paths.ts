/** Each segment percent-encoded; also what `encodeURIComponent` leaves and an HTTP client might rewrite (`'` becomes `%27`). */
export function encodePath(path: string): string {
  return path.split('/').map(encodeSegment).join('/');
}

/**
 * The path that an address means, or undefined if it is not percent-encoded UTF-8. `%2F` separates like `/`: proxies do not
 * keep the difference, and no file's name holds a slash.
 */
export function decodePath(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function encodeSegment(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
