import type { TProperties } from 'typebox';
import type { Secrets } from '../config/config.ts';
import { controlPlaneSettings } from './control-plane/settings.ts';
import { dataPlaneSettings } from './data-plane/settings.ts';
import { signalingSettings } from './signaling/settings.ts';

/** A dialect's part of `connectors`. It loads only schemas, so that settings can be read without the service. */
export interface DialectSettings<Members extends object = object> {
  /** Its name, which selects a connector's schema. */
  dialect: string;
  /** Members of its connectors in addition to the common ones. */
  properties: TProperties;
  /** Members that are URLs; `a.b` is a member of the map `a`. */
  urls: readonly string[];
  /** Secrets of its connectors, in addition to the tokens in their paths. */
  keys: readonly KeySetting[];
  /** Adds the members that follow from others. */
  complete(members: Members): Members;
  /** Warnings for the operator, by member. */
  warn(members: Members): Readonly<Record<string, string>>;
}

export interface KeySetting {
  member: keyof Omit<Secrets['connectors'][string], 'tokens'>;
  /** End of its environment variable, after `CONNECTOR_<NAME>_`. */
  variable:
    | 'KEY'
    | 'MANAGEMENT_KEY'
    | 'MANAGEMENT_CLIENT_SECRET'
    | 'CONTROL_PLANE_CLIENT_SECRET'
    | 'DATA_PLANE_CLIENT_SECRET'
    | 'REGISTRATION_CLIENT_SECRET';
  /** Warning for the operator if it is not set. */
  unset?: string;
  /** No warning if the connector has this member. */
  replacedBy?: string;
  /** It is required if the connector has this member (`a.b`: in the map `a`), and not used without. */
  usedWith?: string;
}

/** The dialects that a configuration may name; the first one is the default. */
export const dialectSettings: readonly [DialectSettings, ...DialectSettings[]] = [
  controlPlaneSettings,
  dataPlaneSettings,
  signalingSettings,
];
