import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { isServiceError } from '../../../src/errors.ts';
import { loadTemplates, readTemplates } from '../../../src/template/load-templates.ts';
import { renderTemplate } from '../../../src/template/render-template.ts';
import { isWarning } from '../../../src/template/template.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { jobYaml, templateSettings, templateYaml } from './template-folder.ts';

/** Folders a seed. Another seed: `ODD_SEED=7 npm test -- test/unit/template/odd-templates.test.ts`. */
const count = 60;

class Odd {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  name(): string {
    return this.oneOf([
      ...[
        'a\nb',
        'constructor',
        '__proto__',
        'toString',
        'hasOwnProperty',
        'properties',
        'default',
        'type',
        'name',
      ],
      ...['', ' ', '0', '-1', 'a/b', 'a~b', '${SIZE}', '$(SIZE)', 'ä', 'x'.repeat(300), 'results', 'volumes'],
      ...[
        'SIZE',
        'pattern',
        'required',
        'image',
        'resources',
        'env',
        'spec',
        'hostPath',
        'metadata',
        'items',
      ],
    ]);
  }

  scalar(): unknown {
    return this.oneOf<unknown>([
      ...[null, true, false, 0, -1, 1.5, Infinity, -Infinity, NaN, 1e300, Number.MAX_SAFE_INTEGER],
      ...[
        '',
        ' ',
        '\0',
        '\n',
        '${SIZE}',
        'a${SIZE}',
        '${constructor}',
        '$(__proto__)',
        '$(SIZE)',
        '1Gi',
        '/',
        '//',
      ],
      ...[
        '/proc/x',
        'relative',
        '../..',
        '^(a+)+$',
        '[',
        '(?=a)',
        'a{0,999}a{0,999}',
        '\ud800',
        'x'.repeat(5000),
      ],
    ]);
  }

  value(depth = 3): unknown {
    const kind = this.below(6);
    if (depth === 0 || kind > 1) return this.scalar();
    const members = Array.from({ length: this.below(4) }, () => this.value(depth - 1));
    return kind === 0 ? members : Object.fromEntries(members.map((member) => [this.name(), member]));
  }

  /** Somewhere in the document: a member is replaced, taken away, put in, or stands under another name. */
  mutate(document: unknown): unknown {
    if (typeof document !== 'object' || document === null || this.below(6) === 0) return this.value();
    if (Array.isArray(document)) {
      const items: unknown[] = [...(document as unknown[])];
      const index = this.below(items.length + 1);
      items[index] = index < items.length ? this.mutate(items[index]) : this.value();
      return items;
    }
    const entries: [string, unknown][] = Object.entries(document);
    const index = this.below(entries.length + 1);
    const [name, value] = entries[index] ?? [this.name(), this.value()];
    const kind = this.below(8);
    if (kind === 0) entries.splice(index, 1);
    else entries.splice(index, 1, [kind === 1 ? this.name() : name, this.mutate(value)]);
    return Object.fromEntries(entries);
  }

  yaml(text: string): string {
    let document: unknown = parse(text);
    for (let changes = this.below(4) - 1; changes > 0; changes -= 1) document = this.mutate(document);
    return this.spoil(stringify(document, { aliasDuplicateObjects: false }));
  }

  env(): string {
    const line = (): string =>
      this.oneOf([
        ...[
          'A=1',
          'B="open',
          "C='open",
          'D=`',
          'E="a\\"b"',
          '=x',
          '__proto__=1',
          'constructor=2',
          'export F=3',
        ],
        ...[
          'SIZE=many',
          'NAME=x',
          'RESULT_DIRECTORY=/x',
          '# no',
          '',
          'what is this',
          'G: y',
          'H=${A}',
          '\0',
          '"',
          "'",
        ],
        ...[
          'WORKER_IMAGE=busybox:1.37',
          'GPU=some',
          "COMMAND=sh -c 'x",
          'COMMAND="',
          'RESULT_DIRECTORY=proc',
        ],
      ]);
    return this.spoil(Array.from({ length: this.below(8) }, line).join('\n'));
  }

  /** Text that is no document any more. */
  spoil(text: string): string {
    if (this.below(4) > 0) return text;
    const at = this.below(text.length + 1);
    const odd = this.oneOf([
      ...[
        '',
        '',
        '',
        '',
        '&a [*a]',
        '\t',
        '{',
        '- ',
        '---\n',
        '%YAML 1.1\n---\n',
        '!!set {a}',
        '!x y',
        '*none',
        '\0',
      ],
      ...['? [a, b]\n: c\n', '<<: {a: b}\n', '[['.repeat(500), '&a [&b [*a, *b], *a]', '"', '\ufeff', '\r'],
    ]);
    return text.slice(0, at) + odd + text.slice(at);
  }
}

type Made = AsyncDisposable & { directory: string };

async function makeOdd(odd: Odd): Promise<Made> {
  const directory = await mkdtemp(join(tmpdir(), 'odd-'));
  const folder = join(directory, odd.below(9) > 0 ? 'sample' : odd.oneOf(['My_Template', 'x'.repeat(64)]));
  await mkdir(folder);
  const files: [string, string][] = [];
  if (odd.below(12) > 0) files.push(['template.yaml', odd.yaml(templateYaml)]);
  if (odd.below(12) > 0) files.push(['job.yaml', odd.yaml(jobYaml)]);
  if (odd.below(3) === 0) files.push(['job.env', odd.env()]);
  if (odd.below(16) === 0) files.push(['job-conf.env', odd.env()]);
  if (odd.below(8) === 0) files.push([`files/${odd.oneOf(['__proto__', 'constructor', 'a b', '.x'])}`, 'x']);
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  if (odd.below(10) === 0) await makeNoFile(odd, folder);
  return {
    directory,
    [Symbol.asyncDispose]: async () => {
      await rm(directory, { recursive: true });
    },
  };
}

async function makeNoFile(odd: Odd, folder: string): Promise<void> {
  const path = join(folder, odd.oneOf(['template.yaml', 'job.env', 'files', 'files/x', 'other']));
  await rm(path, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  const kind = odd.below(4);
  if (kind === 0) await mkdir(path);
  else if (kind === 1) await symlink('/nowhere/at/all', path);
  else if (kind === 2) await symlink('/dev/zero', path);
  else await promisify(execFile)('mkfifo', [path]);
}

suite('an odd template folder', () => {
  for (const seed of seeds()) {
    test(`ends with problems or with templates, never otherwise (seed ${seed})`, async () => {
      const odd = new Odd(seed);
      let usable = 0;
      for (let made = 0; made < count; made += 1) {
        await using folder = await makeOdd(odd);
        const { templates, problems } = await readTemplates(folder.directory, templateSettings);
        for (const { file, line = 1, reason } of problems) {
          assert.ok(file.startsWith(folder.directory) && line >= 1 && reason.length > 0);
        }
        assert.equal(templates.length, problems.every(isWarning) ? 1 : 0);
        usable += templates.length;
        for (const template of templates) {
          await loadTemplates(folder.directory, templateSettings);
          try {
            renderTemplate(template, { assetId: 'x', parameters: {} });
          } catch (error) {
            assert.ok(isServiceError(error, 'invalid-parameters'));
          }
        }
      }
      // Not so odd that nothing is left to be checked.
      assert.ok(usable > 0 && usable < count);
    });
  }
});

function seeds(): number[] {
  const { ODD_SEED: given } = process.env;
  return given === undefined ? [1, 2, 3] : [Number(given)];
}
