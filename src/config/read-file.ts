import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { messageOf } from '../errors.ts';
import type { Findings } from './findings.ts';

const sizeLimit = 1024 * 1024;

/** The settings file as parsed YAML; an empty one holds no settings. */
export function readFile(path: string, findings: Findings): Record<string, unknown> {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > sizeLimit) throw new Error(`is larger than ${sizeLimit} bytes`);
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (value === null) return {};
    if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
    throw new Error('expected a map of settings at its top');
  } catch (error) {
    findings.problems.push(
      `${path} (EDC_JP_CONFIG): expected a YAML file of settings, but: ${messageOf(error)}`,
    );
    return {};
  }
}
