import type { Path } from '../../schemas/schema-problem.ts';
import { gpus, type TemplateDocument } from '../template-schema.ts';
import type { TemplateProblem } from '../template.ts';
import { type Report, reporter, type Source } from './source.ts';
import { splitWords } from './split-words.ts';

export interface Shorthand {
  template: Source<TemplateDocument>;
  job: Source<unknown>;
}

type Values = Record<string, string>;

const members = ['WORKER_IMAGE', 'GPU', 'RESULT_DIRECTORY', 'ALLOW_EMPTY', 'ENV_FILES', 'COMMAND'];
/** Those that have another name in `template.yaml`. */
const memberNames: Record<string, string> = { gpu: 'GPU', envFiles: 'ENV_FILES' };
/** Limits of a shorthand's worker. A template that needs more has a `job.yaml`. */
const limits = { cpu: '1', memory: '1Gi' };

/** Reads a folder with only `job.env` and `job-conf.env` as the two files that these replace. */
export function readShorthand(
  name: string,
  { conf, environment }: { conf: Source<Values>; environment: Values },
  problems: TemplateProblem[],
): Shorthand {
  const { WORKER_IMAGE: image = '', RESULT_DIRECTORY: directory } = conf.value;
  const report = reporter(conf, problems);
  for (const member of Object.keys(conf.value).filter((one) => !members.includes(one))) {
    report([member], `expected one of ${members.join(', ')}`);
  }
  if (image === '') report(['WORKER_IMAGE'], 'expected the name of an image, received nothing');
  return {
    template: {
      file: conf.file,
      lineAt: ([member]) => conf.lineAt([memberNames[String(member)] ?? 'RESULT_DIRECTORY']),
      value: {
        description: `Runs ${image}.`,
        results: {
          ...(directory === undefined ? {} : { directory }),
          allowEmpty: readAllowEmpty(conf.value, report),
        },
        parameters: { properties: openVariables(environment) },
        gpu: readGpu(conf.value, report),
        envFiles: (conf.value['ENV_FILES'] ?? '').split(/[\s,]+/).filter((word) => word !== ''),
      },
    },
    job: {
      file: conf.file,
      lineAt: (path) => conf.lineAt([memberOf(path)]),
      // Without an image the rest can still be checked.
      value: buildJob(name, image === '' ? 'unknown' : image, readCommand(conf.value, report)),
      faults: image === '' ? [['spec', 'template', 'spec', 'containers', 0, 'image']] : [],
    },
  };
}

/** Without a schema every variable of `job.env` is a parameter of type string. */
function openVariables(environment: Values): Record<string, { type: 'string' }> {
  return Object.fromEntries(Object.keys(environment).map((name) => [name, { type: 'string' }]));
}

function readGpu({ GPU: text = 'false' }: Values, report: Report): boolean | number {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (/^\d+$/.test(text) && Number(text) <= gpus.maximum) return Number(text);
  report(['GPU'], `expected ${gpus.title}, received ${JSON.stringify(text)}`);
  return false;
}

function readAllowEmpty({ ALLOW_EMPTY: text = 'false' }: Values, report: Report): boolean {
  if (!/^(true|false)$/i.test(text))
    report(['ALLOW_EMPTY'], `expected true or false, received ${JSON.stringify(text)}`);
  return text.toLowerCase() === 'true';
}

function readCommand({ COMMAND: text = '' }: Values, report: Report): string[] {
  const words = splitWords(text);
  if (words !== undefined) return words;
  report(['COMMAND'], 'expected words as in a shell, received an open quote');
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
