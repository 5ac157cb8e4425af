import { StoreError } from './store-error.ts';

export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

const deepest = 8;
const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
// One alternative for each construct that is allowed; a DOCTYPE, CDATA and anything else match none and are refused.
const token =
  /<\?[^?]*\?>|<!--(?:(?!-->)[^])*-->|<\/([A-Za-z_][\w.:-]*)\s*>|<([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;

/**
 * Parses the small XML documents of S3 requests into elements and text. Drops attributes and namespace prefixes, and
 * expands only the five entities of XML and character references. Throws MalformedXML.
 */
export function parseXml(text: string): XmlElement {
  const top: XmlElement = { name: '', children: [], text: '' };
  const open = [top];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null) throw new StoreError('MalformedXML');
    addToken(match, open);
  }
  const root = top.children[0];
  if (open.length !== 1 || root === undefined || top.children.length !== 1)
    throw new StoreError('MalformedXML');
  return root;
}

/** The text of the one child of that name, if there is one. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}

function addToken(match: RegExpExecArray, open: XmlElement[]): void {
  const [, end, start, , selfClosing, characters] = match;
  const current = open.at(-1);
  if (current === undefined) throw new StoreError('MalformedXML');
  if (start !== undefined) {
    const element = { name: localName(start), children: [], text: '' };
    current.children.push(element);
    if (selfClosing !== '/' && open.push(element) > deepest) throw new StoreError('MalformedXML');
  } else if (end !== undefined) {
    if (open.length === 1 || current.name !== localName(end)) throw new StoreError('MalformedXML');
    open.pop();
  } else if (characters !== undefined) {
    addText(current, characters, open.length === 1);
  }
}

function addText(element: XmlElement, characters: string, outside: boolean): void {
  // A byte order mark counts as a space.
  if (outside && characters.trim() !== '') throw new StoreError('MalformedXML');
  element.text += unescapeXml(characters);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const code = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name);
    const value =
      code === null
        ? named[name]
        : characterOf(parseInt(code[1] ?? code[2] ?? '', code[1] === undefined ? 10 : 16));
    if (value === undefined || !whole.endsWith(';')) throw new StoreError('MalformedXML');
    return value;
  });
}

function characterOf(code: number): string | undefined {
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
    ? String.fromCodePoint(code)
    : undefined;
}
