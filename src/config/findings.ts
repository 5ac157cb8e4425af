/** What a step of reading the configuration found: all of it is told at once. */
export interface Findings {
  problems: string[];
  warnings: string[];
}

export function noFindings(): Findings {
  return { problems: [], warnings: [] };
}
