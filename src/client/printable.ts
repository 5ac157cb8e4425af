/**
 * Text of a service, a worker or a file name, for a terminal: control characters other than line breaks and tabs become escapes, since a
 * terminal would obey them.
 */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- it is about them
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** In one line. */
export function printableLine(text: string): string {
  return printable(text)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('\t', String.raw`\t`);
}
