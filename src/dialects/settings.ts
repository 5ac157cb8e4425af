import type { TProperties } from 'typebox';
import { controlPlaneSettings } from './control-plane/settings.ts';

/** A dialect's part of `connectors`. It loads nothing but schemas, so that settings can be read without the service. */
export interface DialectSettings<Members extends object = object> {
  /** Its name, by which a connector's schema is chosen. */
  dialect: string;
  /** Members of its connectors beside those that all have. */
  properties: TProperties;
  /** Those that are URLs. */
  urls: readonly string[];
  /** Puts in what follows from other members. */
  complete(members: Members): Members;
  /** By member what an operator should know of its value. */
  warn(members: Members): Readonly<Record<string, string>>;
}

/** Of the dialects that a configuration may name; the first one is the default. */
export const dialectSettings: readonly [DialectSettings, ...DialectSettings[]] = [controlPlaneSettings];
