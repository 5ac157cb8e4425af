import { isDeepStrictEqual } from 'node:util';

import { isRecord } from '../../objects/copy.ts';
import type { KubeObject } from '../../objects/kube-object.ts';
import type { Causes } from '../causes.ts';
import type { KindRules } from './kind-rules.ts';

const sizeLimit = 1024 * 1024;
const keyPattern = /^[-._a-zA-Z0-9]+$/;
const base64Pattern = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const configMapRules: KindRules = {
  check(object, causes) {
    const text = dataOf(object, 'data');
    const binary = dataOf(object, 'binaryData');
    checkKeys(text, 'data', causes);
    checkKeys(binary, 'binaryData', causes);
    checkBase64(binary, 'binaryData', causes);
    for (const key of Object.keys(binary)) {
      if (key in text) causes.invalid('data', key, 'duplicate of key present in binaryData');
    }
    if (bytesOf(text, 'utf8') + bytesOf(binary, 'base64') > sizeLimit) causes.tooLong('', sizeLimit);
  },
  checkUpdate: checkImmutable,
};

export const secretRules: KindRules = {
  applyDefaults(object) {
    object['type'] ??= 'Opaque';
    const written = dataOf(object, 'stringData');
    delete object['stringData'];
    if (Object.keys(written).length === 0) return;
    const encoded = Object.entries(written).map(([key, value]) => [
      key,
      Buffer.from(value).toString('base64'),
    ]);
    object['data'] = { ...dataOf(object, 'data'), ...Object.fromEntries(encoded) };
  },
  check(object, causes) {
    const data = dataOf(object, 'data');
    checkKeys(data, 'data', causes);
    checkBase64(data, 'data', causes);
    if (bytesOf(data, 'base64') > sizeLimit) causes.tooLong('data', sizeLimit);
  },
  checkUpdate(next, current, causes) {
    if (next['type'] !== current['type']) causes.invalid('type', next['type'], 'field is immutable');
    checkImmutable(next, current, causes);
  },
};

function dataOf(object: KubeObject, member: string): Record<string, string> {
  const data = object[member];
  return isRecord(data) ? (data as Record<string, string>) : {};
}

function checkKeys(data: Record<string, string>, field: string, causes: Causes): void {
  for (const key of Object.keys(data)) {
    if (key.length > 253) causes.invalid(`${field}[${key}]`, key, 'must be no more than 253 characters');
    const valid = keyPattern.test(key) && key !== '.' && key !== '..' && !key.startsWith('..');
    if (!valid) {
      const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
      causes.invalid(`${field}[${key}]`, key, rule);
    }
  }
}

function checkBase64(data: Record<string, string>, field: string, causes: Causes): void {
  for (const [key, value] of Object.entries(data)) {
    if (!base64Pattern.test(value)) causes.invalid(`${field}[${key}]`, '<hidden>', 'must be standard base64');
  }
}

function bytesOf(data: Record<string, string>, encoding: 'utf8' | 'base64'): number {
  return Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value, encoding), 0);
}

function checkImmutable(next: KubeObject, current: KubeObject, causes: Causes): void {
  if (current['immutable'] !== true) return;
  if (next['immutable'] !== true) causes.forbidden('immutable', 'field is immutable when `immutable` is set');
  for (const member of ['data', 'binaryData']) {
    if (isDeepStrictEqual(dataOf(next, member), dataOf(current, member))) continue;
    causes.forbidden(member, 'field is immutable when `immutable` is set');
  }
}
