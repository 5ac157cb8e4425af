import type { TProperties } from 'typebox';
import type { Secrets } from '../config/config.ts';
import { controlPlaneSettings } from './control-plane/settings.ts';
import { dataPlaneSettings } from './data-plane/settings.ts';

/** A dialect's part of `connectors`. It loads nothing but schemas, so that settings can be read without the service. */
export interface DialectSettings<Members extends object = object> {
  /** Its name, by which a connector's schema is chosen. */
  dialect: string;
  /** Members of its connectors beside those that all have. */
  properties: TProperties;
  /** Those that are URLs. */
  urls: readonly string[];
  /** Secrets of its connectors, beside the tokens in their paths. */
  keys: readonly KeySetting[];
  /** Puts in what follows from other members. */
  complete(members: Members): Members;
  /** By member what an operator should know of its value. */
  warn(members: Members): Readonly<Record<string, string>>;
}

export interface KeySetting {
  member: keyof Omit<Secrets['connectors'][string], 'tokens'>;
  /** What follows `CONNECTOR_<NAME>_` in the environment. */
  variable: 'KEY' | 'MANAGEMENT_KEY';
  /** What an operator should know if it is not set. */
  unset?: string;
}

/** Of the dialects that a configuration may name; the first one is the default. */
export const dialectSettings: readonly [DialectSettings, ...DialectSettings[]] = [
  controlPlaneSettings,
  dataPlaneSettings,
];
