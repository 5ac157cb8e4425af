const shells = /(^|\/)(ba|da|a|k|z|fi)?sh$/;
const interpreters = /(^|\/)(node|python[0-9.]*|perl|ruby|php|lua|deno|bun|pwsh)$/;
const shellFlag = /^-[a-z]*c[a-z]*$/;
const interpreterFlag = /^(-[a-z]*[cepr]|--eval|--print|-Command)$/;
/** Programs that start another: what they start decides. */
const starters = /(^|\/)(env|exec|nice|time|timeout|tini|dumb-init|busybox)$/;

/** Names of `$(NAME)`; `$$(NAME)` is text to Kubernetes. */
export function findReferences(word: string): string[] {
  const found = word.matchAll(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g);
  return [...found].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** Where among a command's words the text of a program stands (`sh -c HERE`); -1: nowhere. */
export function scriptIndex(words: readonly string[]): number {
  const program = words.findIndex((word) => !starters.test(word) && !/^(-.*|\d+[smh]?|\w+=.*)$/.test(word));
  const name = words[program] ?? '';
  const flag = shells.test(name) ? shellFlag : interpreters.test(name) ? interpreterFlag : undefined;
  if (flag === undefined) return -1;
  const found = words.findIndex((word, index) => index > program && flag.test(word));
  return found === -1 ? -1 : found + 1;
}
