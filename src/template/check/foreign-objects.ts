/** Objects of the Jobs' namespace that a template refers to by name. */
export function refuseSecret(name: string | undefined): string {
  return `the Secret "${name ?? ''}" is not among pods.allowedSecrets of the configuration`;
}

/** Names that the service gives: another flow's environment is not for reading. */
export function isOurs(name: string | undefined): boolean {
  return name !== undefined && /^(flow|files)-/.test(name);
}

export function refuseOurs(name: string | undefined): string {
  return `"${name ?? ''}" looks like an object of the service's own (flow-…, files-…)`;
}
