import type { Schema } from '../schemas/schema-problem.ts';
import { SettingsSchema } from './settings/settings.ts';

/** One leaf of the settings: a value, a list or a map. */
export interface Setting {
  path: string[];
  /** Environment name. */
  variable: string;
  schema: Schema;
}

export function listSettings(schema: Schema = SettingsSchema, path: string[] = []): Setting[] {
  if (schema.properties === undefined) return [{ path, variable: variableOf(path), schema }];
  return Object.entries(schema.properties).flatMap(([name, member]) => listSettings(member, [...path, name]));
}

/** `http.answerDeadlineMillis` is `EDC_JP_HTTP_ANSWER_DEADLINE_MILLIS`. */
export function variableOf(path: readonly string[]): string {
  const words = path.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  return ['EDC_JP', ...words].join('_');
}
