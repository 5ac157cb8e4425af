/**
 * Kubernetes' `$(NAME)`: replaced by the variable's value, left alone if there is none; `$$(NAME)` is an escaped
 * `$(NAME)`. What was replaced is not looked at again.
 */
export function expandVariables(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\$|\$\(([^)]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return '$';
    return variables.get(name) ?? match;
  });
}
