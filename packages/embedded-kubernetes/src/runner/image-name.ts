const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)+(?::[0-9]+)?|[a-zA-Z0-9-]+:[0-9]+|localhost)';
const reference = new RegExp(
  `^(?:(?<host>${host})/)?(?<path>${component}(?:/${component})*)(?::(?<tag>[\\w][\\w.-]{0,127}))?(?<digest>@sha256:[0-9a-f]{64})?$`,
);

/**
 * The full name of an image (`docker.io/library/node:24-slim` for `node:24-slim`), so that two spellings of one image
 * compare equal. Undefined if it is not an image name.
 */
export function fullImageName(name: string): string | undefined {
  const parts = reference.exec(name)?.groups;
  if (!parts) return undefined;
  const { host: registry = 'docker.io', path = '', tag, digest = '' } = parts;
  const library = registry === 'docker.io' && !path.includes('/') ? 'library/' : '';
  return `${registry}/${library}${path}${versionOf(tag, digest)}`;
}

function versionOf(tag: string | undefined, digest: string): string {
  if (tag !== undefined) return `:${tag}${digest}`;
  return digest === '' ? ':latest' : digest;
}
