import type { Path } from '../../schemas/schema-problem.ts';
import { gpus, type TemplateDocument } from '../template-schema.ts';
import type { TemplateProblem } from '../template.ts';
import { problemAt, type Source } from './source.ts';
import { splitWords } from './split-words.ts';

export interface Shorthand {
  template: Source<TemplateDocument>;
  job: Source<unknown>;
}

const members = ['WORKER_IMAGE', 'GPU', 'RESULT_DIRECTORY', 'ALLOW_EMPTY', 'COMMAND'];
/** Limits of a shorthand's worker. A template that needs more has a `job.yaml`. */
const limits = { cpu: '1', memory: '1Gi' };

/** Reads a folder with only `job.env` and `job-conf.env` as the two files that these replace. */
export function readShorthand(
  name: string,
  { conf, environment }: { conf: Source<Record<string, string>>; environment: Record<string, string> },
  problems: TemplateProblem[],
): Shorthand {
  const { WORKER_IMAGE: image = '', RESULT_DIRECTORY: directory } = conf.value;
  for (const member of Object.keys(conf.value).filter((one) => !members.includes(one))) {
    problems.push(problemAt(conf, [member], `${member}: expected one of ${members.join(', ')}`));
  }
  if (image === '') {
    const reason = 'WORKER_IMAGE: expected the name of an image, received nothing';
    problems.push(problemAt(conf, ['WORKER_IMAGE'], reason));
  }
  return {
    template: {
      file: conf.file,
      lineAt: (path) => conf.lineAt([path[0] === 'gpu' ? 'GPU' : 'RESULT_DIRECTORY']),
      value: {
        description: `Runs ${image}.`,
        results: {
          ...(directory === undefined ? {} : { directory }),
          allowEmpty: readAllowEmpty(conf, problems),
        },
        parameters: { properties: openVariables(environment) },
        gpu: readGpu(conf, problems),
      },
    },
    job: {
      file: conf.file,
      lineAt: (path) => conf.lineAt([memberOf(path)]),
      // Without an image the rest can still be checked.
      value: buildJob(name, image === '' ? 'unknown' : image, readCommand(conf, problems)),
      faults: image === '' ? [['spec', 'template', 'spec', 'containers', 0, 'image']] : [],
    },
  };
}

/** Without a schema every variable of `job.env` is a parameter of type string. */
function openVariables(environment: Record<string, string>): Record<string, { type: 'string' }> {
  return Object.fromEntries(Object.keys(environment).map((name) => [name, { type: 'string' }]));
}

function readGpu(conf: Source<Record<string, string>>, problems: TemplateProblem[]): boolean | number {
  const { GPU: text = 'false' } = conf.value;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (/^\d+$/.test(text) && Number(text) <= gpus.maximum) return Number(text);
  problems.push(problemAt(conf, ['GPU'], `GPU: expected ${gpus.title}, received ${JSON.stringify(text)}`));
  return false;
}

function readAllowEmpty(conf: Source<Record<string, string>>, problems: TemplateProblem[]): boolean {
  const { ALLOW_EMPTY: text = 'false' } = conf.value;
  if (!/^(true|false)$/i.test(text)) {
    const reason = `ALLOW_EMPTY: expected true or false, received ${JSON.stringify(text)}`;
    problems.push(problemAt(conf, ['ALLOW_EMPTY'], reason));
  }
  return text.toLowerCase() === 'true';
}

function readCommand(conf: Source<Record<string, string>>, problems: TemplateProblem[]): string[] {
  const words = splitWords(conf.value['COMMAND'] ?? '');
  if (words !== undefined) return words;
  const reason = 'COMMAND: expected words as in a shell, received an open quote';
  problems.push(problemAt(conf, ['COMMAND'], reason));
  return [];
}

function memberOf(path: Path): string {
  return path.includes('command') ? 'COMMAND' : 'WORKER_IMAGE';
}

function buildJob(name: string, image: string, command: string[]): unknown {
  const worker = {
    name: 'worker',
    image,
    ...(command.length === 0 ? {} : { command }),
    resources: { limits },
  };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: { template: { spec: { restartPolicy: 'Never', containers: [worker] } } },
  };
}
