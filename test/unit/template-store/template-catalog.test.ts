import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { isServiceError, type ServiceError } from '../../../src/errors.ts';
import type { GivenFiles } from '../../../src/template-store/given-files.ts';
import { TemplateCatalog, type CatalogDependencies } from '../../../src/template-store/template-catalog.ts';
import { aTemplate } from '../../support/template-values.ts';
import { openStoreAccess } from '../../support/store-access.ts';
import { shellTemplate } from '../../support/shell-template.ts';
import { templateSettings } from '../template/template-folder.ts';

const { signal } = new AbortController();

function filesOf(script: string, members: object = {}): GivenFiles {
  const files = shellTemplate({ script });
  const document = JSON.parse(files['template.yaml'] ?? '') as object;
  return { ...files, 'template.yaml': JSON.stringify({ ...document, ...members }) };
}

type Check = Parameters<TemplateCatalog['put']>[0]['check'];

function anything(): void {
  // No condition.
}

function expectNone(digest: string | undefined): void {
  if (digest !== undefined) throw new Error('there is one');
}

/** Replicas of one service, whose requests each go to the same store. */
async function start(t: TestContext) {
  const { store, uploads } = await openStoreAccess(t);
  const warnings: object[] = [];
  const shipped = [
    aTemplate({ name: 'shipped', directory: '/jobs', assets: [{ id: 'taken', parameters: {} }] }),
  ];
  function replica(overrides: Partial<CatalogDependencies> = {}): TemplateCatalog {
    return new TemplateCatalog({
      ...{ store, uploads, shipped, maxStored: 2, settings: templateSettings },
      findMisfits: () => [],
      now: () => new Date(0),
      warn: (problem) => void warnings.push(problem),
      ...overrides,
    });
  }
  async function keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of store.list('templates/', signal)) found.push(key);
    return found;
  }
  return { replica, keys, warnings, store, uploads };
}

function names({ templates }: TemplateCatalog): string[] {
  return templates.map(({ name }) => name);
}

async function put(catalog: TemplateCatalog, name: string, files: GivenFiles, check: Check = anything) {
  return await catalog.put({ name, files, by: 'ann', check }, signal);
}

async function refusal(promise: Promise<unknown>): Promise<ServiceError> {
  const error: unknown = await promise.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(isServiceError(error), String(error));
  return error;
}

test('a stored template is used at once here, at another replica after it has looked, and after a restart', async (t) => {
  const { replica, keys } = await start(t);
  const [one, two] = [replica(), replica()];
  const list = one.templates;
  const first = await put(one, 'towns', filesOf('echo 1'));
  assert.deepEqual([first.created, first.stored.version, names(one)], [true, 1, ['shipped', 'towns']]);
  assert.deepEqual(names(two), ['shipped']);
  await two.refresh(signal);
  assert.equal(two.templates[1]?.digest, first.template.digest);
  assert.equal(two.storedAs('towns')?.createdBy, 'ann');
  assert.equal(two.storedAs('shipped'), undefined);

  const same = await put(two, 'towns', filesOf('echo 1'));
  assert.deepEqual([same.created, same.stored.version], [false, 1]);
  const second = await put(two, 'towns', filesOf('echo 2'));
  assert.deepEqual([second.created, second.stored.version], [false, 2]);
  assert.deepEqual(await keys(), ['templates/towns/0000000002.json']);
  await one.refresh(signal);
  assert.equal(list[1]?.digest, second.template.digest);

  const restarted = replica();
  await restarted.refresh(signal);
  assert.equal(restarted.templates[1]?.digest, second.template.digest);
  assert.equal(await one.remove({ name: 'towns', by: 'ann', check: anything }, signal), true);
  assert.equal(await two.remove({ name: 'towns', by: 'ann', check: anything }, signal), false);
  assert.deepEqual([names(one), names(two)], [['shipped'], ['shipped']]);
  assert.deepEqual(
    [(await put(two, 'towns', filesOf('echo 1'))).created, await keys()],
    [true, ['templates/towns/0000000004.json']],
  );
});

test('of writers that expect none of the name exactly one succeeds, at whichever replicas', async (t) => {
  const { replica, keys } = await start(t);
  const replicas = [replica(), replica(), replica()];
  const results = await Promise.allSettled(
    replicas.map((one, index) => put(one, 'towns', filesOf(`echo ${index}`), expectNone)),
  );
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected']);
  assert.deepEqual(await keys(), ['templates/towns/0000000001.json']);
  await Promise.all(replicas.map((one) => one.refresh(signal)));
  assert.equal(new Set(replicas.map(({ templates }) => templates[1]?.digest)).size, 1);
});

test('a template with errors is refused with each file and line, and nothing is stored', async (t) => {
  const { replica, keys } = await start(t);
  const catalog = replica({
    findMisfits: ([one]) => (one?.address === 's3' ? [{ reason: 'no connector gets s3' }] : []),
  });
  const bad = await refusal(
    put(catalog, 'towns', {
      'template.yaml': 'description: Bad.\nretention: soon\n',
      'job.yaml': 'kind: Job\n',
      'notes.txt': 'x',
      'files/a b': 'x',
    }),
  );
  assert.equal(bad.code, 'refused-template');
  const found = bad.problems.map(({ path, detail }) => [path.join('|'), detail.slice(0, 26)]);
  assert.partialDeepStrictEqual(Object.fromEntries(found), {
    'files|template.yaml': 'line 2: retention: expecte',
    'files|notes.txt': 'is not part of a template;',
    'files|files/a b': 'expected a name of letters',
  });
  assert.ok(bad.problems.some(({ path }) => path[1] === 'job.yaml'));

  const taken = await refusal(put(catalog, 'towns', filesOf('echo 1', { assets: [{ id: 'taken' }] })));
  assert.match(taken.message, /the asset "taken" is already served by the template shipped/);
  const misfit = await refusal(put(catalog, 'towns', filesOf('echo 1', { dataAddress: 's3' })));
  assert.match(misfit.message, /s3/);
  const name = await refusal(put(catalog, 'No_Name', filesOf('echo 1')));
  assert.match(name.message, /DNS label/);
  assert.deepEqual([await keys(), names(catalog)], [[], ['shipped']]);
});

test('a template of the folder is neither replaced nor deleted, and there is a bound', async (t) => {
  const { replica } = await start(t);
  const catalog = replica();
  const shippedPut = await refusal(put(catalog, 'shipped', filesOf('echo 1')));
  const shippedDelete = await refusal(
    catalog.remove({ name: 'shipped', by: 'ann', check: anything }, signal),
  );
  for (const { code, message } of [shippedPut, shippedDelete])
    assert.deepEqual(
      [code, message.includes('comes from the folder /jobs (templates.directory)')],
      ['conflict', true],
    );
  await put(catalog, 'one', filesOf('echo 1'));
  await put(catalog, 'two', filesOf('echo 2'));
  assert.match((await refusal(put(catalog, 'three', filesOf('echo 3')))).message, /templates\.maxStored/);
  assert.equal((await put(catalog, 'two', filesOf('echo 4'))).created, false);
  await catalog.remove({ name: 'one', by: 'ann', check: anything }, signal);
  assert.equal((await put(catalog, 'three', filesOf('echo 3'))).created, true);
});

test('a stored template that no longer fits is left out and named once, and the others are used', async (t) => {
  const { replica, warnings } = await start(t);
  const before = replica({ maxStored: 10, shipped: [] });
  await put(before, 'a', filesOf('echo a', { assets: [{ id: 'taken' }] }));
  await put(before, 'b', filesOf('echo b'));
  await put(before, 'shipped', filesOf('echo c'));
  const after = replica();
  await after.refresh(signal);
  await after.refresh(signal);
  assert.deepEqual(names(after), ['shipped', 'b']);
  assert.deepEqual(
    warnings.map((one) => (one as { template: string }).template),
    ['a', 'shipped'],
  );
  assert.match(after.problemOf('a') ?? '', /already served by the template shipped/);
  assert.equal(after.problemOf('b'), undefined);

  const strict = replica({
    settings: { ...templateSettings, images: { ...templateSettings.images, allow: ['none'] } },
  });
  await strict.refresh(signal);
  assert.deepEqual(names(strict), ['shipped']);
  assert.match(strict.problemOf('b') ?? '', /image/);
  // It can still be replaced by one that fits, and deleted.
  assert.equal(await strict.remove({ name: 'b', by: 'ann', check: anything }, signal), true);
});

test('while the store does not answer, the known templates stay', async (t) => {
  const { replica, store } = await start(t);
  const down = { fails: false };
  const catalog = replica({
    store: {
      ...store,
      list: (prefix, within) => {
        if (down.fails) throw new Error('down');
        return store.list(prefix, within);
      },
    },
  });
  await put(catalog, 'towns', filesOf('echo 1'));
  down.fails = true;
  await assert.rejects(catalog.refresh(signal), /down/);
  await assert.rejects(put(catalog, 'towns', filesOf('echo 2')), /down/);
  assert.deepEqual(names(catalog), ['shipped', 'towns']);
  down.fails = false;
  await catalog.refresh(signal);
  await assert.rejects(catalog.refresh(AbortSignal.abort(new Error('left'))), /left/);
  assert.equal((await put(catalog, 'towns', filesOf('echo 2'))).stored.version, 2);
});
