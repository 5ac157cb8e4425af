import { hash } from 'node:crypto';

/** The flow's id and its Job's name: the same for every repeat of a request, at every replica. */
export function flowName(identity: {
  dialect: string;
  connector: string;
  ids: Record<string, string>;
}): string {
  const ids = Object.entries(identity.ids).sort(([a], [b]) => (a < b ? -1 : 1));
  return `flow-${shortHash(JSON.stringify([identity.dialect, identity.connector, ids]))}`;
}

/** Whether a text from outside has the form of a flow's name. */
export function isFlowName(text: string): boolean {
  return /^flow-[a-z2-7]{26}$/.test(text);
}

export function environmentConfigMapName(flow: string): string {
  return `${flow}-env`;
}

export function credentialsSecretName(flow: string): string {
  return `${flow}-store`;
}

/** The digest distinguishes it from a Secret that a dead request for another asset left. */
export function parametersSecretName(flow: string, renderedDigest: string): string {
  return `${flow}-parameters-${renderedDigest.slice(0, 10)}`;
}

/** Holds the sink of the results. */
export function sinkSecretName(flow: string): string {
  return `${flow}-sink`;
}

/** Holds the URLs of the inputs. */
export function inputUrlsSecretName(flow: string): string {
  return `${flow}-inputs`;
}

export function filesConfigMapName(digest: string): string {
  return `files-${digest.slice(0, 32)}`;
}

export function isFilesConfigMap(name: string): boolean {
  return /^files-[0-9a-f]{32}$/.test(name);
}

/** One segment of a key in the bucket for a text from outside: readable, of bounded length, and another one for each text. */
export function keySegment(text: string): string {
  return `${text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 40)}-${shortHash(text)}`;
}

/** The label of all Secrets of one env file, and a part of their names. */
export function envFileId(owner: readonly string[]): string {
  return shortHash(JSON.stringify(owner));
}

/** The nonce distinguishes it from a Secret of the same version whose request lost the race for it. */
export function envFileSecretName({
  id,
  version,
  nonce,
}: Record<'id' | 'version' | 'nonce', string>): string {
  return `env-${id}-${version}-${nonce}`;
}

/** 130 bits as lower-case base32: a DNS label without collisions. */
export function shortHash(text: string): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  const digest = hash('sha256', text, 'buffer');
  return Array.from(digest.subarray(0, 26), (byte) => alphabet[byte & 31]).join('');
}
