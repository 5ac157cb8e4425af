export type Settings = Record<string, unknown>;

/** `overrides` on top of `base`, member by member; arrays and plain values are replaced whole. */
export function mergeSettings(base: Settings, overrides: Settings): Settings {
  const merged = { ...base };
  for (const [name, value] of Object.entries(overrides)) {
    const below = merged[name];
    merged[name] = isSettings(below) && isSettings(value) ? mergeSettings(below, value) : value;
  }
  return merged;
}

function isSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
