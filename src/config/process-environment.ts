import type { Environment } from './read-environment.ts';

/** The one place that reads the process's environment; everybody else is given what they need. */
export function processEnvironment(): Environment {
  return process.env;
}
