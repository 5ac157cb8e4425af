import { readFileSync } from 'node:fs';

/** A fenced block of shell commands in a Markdown document. */
export interface ShellBlock {
  document: string;
  /** Line of its first command. */
  line: number;
  commands: string;
  /** Why a test cannot run it, by a comment before it: `<!-- not run: reason -->`. */
  notRun?: string;
  /** Programs that a machine may lack, by a comment before it: `<!-- needs: mc -->`. */
  needs: string[];
}

// Fences of every language, so that one inside another is no beginning; a comment may stand before.
const fenced =
  /(?:^ *<!-- (?<mark>not run|needs): (?<what>.+?) -->\s*\n)?^(?<fence> *```+)(?<language>\w*).*\n(?<commands>[\s\S]*?)^\k<fence> *$/gm;
const shells = ['sh', 'bash', 'shell', 'console'];

/** Those marked `sh`, `bash`, `shell` or `console`; others are not for a shell. */
export function shellBlocks(document: string, root: URL): ShellBlock[] {
  const text = readFileSync(new URL(document, root), 'utf8');
  return [...text.matchAll(fenced)].flatMap(({ index, 0: whole, groups = {} }) => {
    const { mark, what = '', language = '', commands = '' } = groups;
    if (!shells.includes(language)) return [];
    const before = text.slice(0, index + whole.lastIndexOf(commands));
    const block = { document, line: before.split('\n').length, commands };
    const needs = mark === 'needs' ? what.split(', ') : [];
    return [{ ...block, needs, ...(mark === 'not run' ? { notRun: what } : {}) }];
  });
}
