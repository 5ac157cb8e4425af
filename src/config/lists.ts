/** Whether a list of names in the settings, in which `*` stands for all, has this one. */
export function lists(names: readonly string[], name: string): boolean {
  return names.includes('*') || names.includes(name);
}
