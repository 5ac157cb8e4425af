import { generations, type Generation } from './generations.ts';
import { scenarios, type Scenario } from './scenarios.ts';

/** What a cell of the table says. */
export type ShowCell = (generation: Generation, scenario: Scenario) => string;

const scenarioNames = Object.keys(scenarios) as Scenario[];

/** A table in Markdown, with a row for each generation, and the numbered reasons of impossible cells. */
export function renderMatrix(show: ShowCell): string {
  const reasons = [...new Set(generations.flatMap(({ impossible }) => Object.values(impossible)))];
  function cell(generation: Generation, scenario: Scenario): string {
    const reason = generation.impossible[scenario];
    return reason === undefined ? show(generation, scenario) : `– (${reasons.indexOf(reason) + 1})`;
  }
  const rows = generations.map((generation, index) => [
    generations[index - 1]?.title === generation.title ? '' : generation.title,
    generation.release,
    ...scenarioNames.map((scenario) => cell(generation, scenario)),
  ]);
  const table = aligned([['generation', 'release', ...Object.values(scenarios)], ...rows]);
  return [...table, '', ...reasons.map((reason, index) => `${index + 1}. ${reason}.`)].join('\n');
}

/** As Prettier formats it. */
function aligned([header = [], ...rows]: readonly string[][]): string[] {
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  function line(cells: readonly string[]): string {
    return `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  }
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
}
