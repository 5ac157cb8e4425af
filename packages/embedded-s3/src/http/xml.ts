const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#13;',
};

/** An element with text; an absent value leaves the element out. */
export function leaf(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeXml(String(value))}</${name}>`;
}

/** An element around others that are XML already. */
export function branch(name: string, children: readonly string[]): string {
  return `<${name}>${children.join('')}</${name}>`;
}

/** A whole document in S3's namespace. */
export function s3Document(name: string, children: readonly string[]): string {
  return xmlDocument(name, 'http://s3.amazonaws.com/doc/2006-03-01/', children);
}

/** A whole document in the namespace of STS. */
export function stsDocument(name: string, children: readonly string[]): string {
  return xmlDocument(name, 'https://sts.amazonaws.com/doc/2011-06-15/', children);
}

function xmlDocument(name: string, namespace: string, children: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${namespace}">${children.join('')}</${name}>`;
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (found) => entities[found] ?? found);
}
