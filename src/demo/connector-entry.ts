/**
 * `data.address.type` of the provisioner's entry. Up to 0.10 a connector deprovisions only what has the type of its entry, and what it gets
 * from us is always an HttpData address.
 */
export const entryAddressTypes = [
  { releases: 'up to 0.10', type: 'HttpData' },
  { releases: '0.11 to 0.15', type: 'HttpProvision' },
] as const;

/** Lines of the connector's configuration, with a line for each kind of release where they differ. */
export function describeEntry(endpoint: string): string[] {
  const entry = 'provisioner.http.entries.jobs';
  return [
    `${entry}.provisioner.type=provider`,
    `${entry}.endpoint=${endpoint}`,
    ...entryAddressTypes.flatMap(({ releases, type }) => [
      `# EDC ${releases}`,
      `${entry}.data.address.type=${type}`,
    ]),
  ];
}
