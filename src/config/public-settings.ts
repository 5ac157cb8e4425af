import { alternativeOf, ownMember, type Schema } from '../schemas/schema-problem.ts';
import type { Config } from './config.ts';
import { SettingsSchema, type Settings } from './settings/settings.ts';

/** Settings as clients may see them. */
export type PublicSettings = Pick<Settings, 'connectors'> & {
  api: { keys: Omit<Settings['api']['keys'][number], 'sha256'>[] };
};

/** What the schema declares, without secret members (`writeOnly`). A member that the schema does not name is never shown. */
export function publicSettings(config: Config): PublicSettings {
  return shownPart(SettingsSchema, config) as PublicSettings;
}

function shownPart(schema: Schema, value: unknown): unknown {
  const { properties = {}, items, patternProperties = {} } = alternativeOf(schema, value);
  if (Array.isArray(value)) return items && value.map((item) => shownPart(items, item));
  if (typeof value !== 'object' || value === null) return value;
  const [anyMember] = Object.values(patternProperties);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const declared = ownMember(properties, name) ?? anyMember;
      return declared === undefined || declared.writeOnly === true
        ? []
        : [[name, shownPart(declared, member)]];
    }),
  );
}

/** The schema of what `publicSettings` returns. */
export const PublicSettingsSchema = withoutSecrets(SettingsSchema);

function withoutSecrets({ properties, items, oneOf, ...schema }: Schema): Schema {
  const shown =
    properties &&
    Object.fromEntries(
      Object.entries(properties).flatMap(([name, member]) =>
        member.writeOnly === true ? [] : [[name, withoutSecrets(member)]],
      ),
    );
  return {
    ...schema,
    ...(shown && {
      properties: shown,
      required: schema.required?.filter((name) => Object.hasOwn(shown, name)),
    }),
    ...(items && { items: withoutSecrets(items) }),
    ...(oneOf && { oneOf: oneOf.map(withoutSecrets) }),
  };
}
