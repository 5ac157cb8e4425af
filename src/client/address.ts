import { ServiceError } from '../errors.ts';

/** The base of a service, without a slash at its end. Throws `invalid-request` that names the option or variable it comes from. */
export function readAddress({ source, text }: { source: string; text: string }): string {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    throw new ServiceError(
      'invalid-request',
      `${source}: expected an address as https://jobs.example.org, received "${text}"`,
    );
  if (url.username !== '' || url.password !== '')
    throw new ServiceError(
      'invalid-request',
      `${source}: expected an address without user and password; a key is read from EDC_JP_API_KEY`,
    );
  if (url.search !== '' || url.hash !== '')
    throw new ServiceError(
      'invalid-request',
      `${source}: expected an address without query and fragment, received "${text}"`,
    );
  return url.href.replace(/\/+$/, '');
}
