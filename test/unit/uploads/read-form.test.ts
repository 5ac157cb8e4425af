import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { systemClock } from '../../../src/clock.ts';
import { readForm, type FormPart } from '../../../src/uploads/read-form.ts';

const { signal } = new AbortController();
const type = 'multipart/form-data; boundary=----x';

type Read = Omit<FormPart, 'body'> & { bytes: Buffer };

async function readAll(chunks: Buffer[], contentType = type): Promise<Read[]> {
  async function* arriving(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  }
  const request = Object.assign(arriving(), { headers: { 'content-type': contentType } });
  const parts: Read[] = [];
  for await (const { body, ...part } of readForm({ request, clock: systemClock, idleMillis: 60_000 }, signal))
    parts.push({ ...part, bytes: await buffer(body) });
  return parts;
}

function formOf(parts: { head: string; bytes: Buffer | string }[], end = '------x--\r\n'): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ head, bytes }) => [
      Buffer.from(`------x\r\n${head}\r\n\r\n`),
      Buffer.from(bytes),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(end),
  ]);
}

const file = {
  head: 'Content-Disposition: form-data; name="file"; filename="é \\"1\\".bin"\r\ncontent-type: image/png',
  bytes: '\r\n------\r\n-----x\r\n------',
};
const text = { head: 'Content-Disposition: form-data; name=job', bytes: '' };

test('a form has the same parts wherever its chunks end', async () => {
  const form = formOf([file, text, { ...file, bytes: 'last' }]);
  for (let at = 0; at <= form.length; at += 1) {
    const parts = await readAll([form.subarray(0, at), form.subarray(at)]);
    assert.deepEqual(
      parts.map(({ field, isFile, mediaType, bytes }) => [field, isFile, mediaType, bytes.toString()]),
      [
        ['file', true, 'image/png', file.bytes],
        ['job', false, undefined, ''],
        ['file', true, 'image/png', 'last'],
      ],
    );
    assert.match(parts[0]?.disposition ?? '', /filename="é /);
  }
  const single = await readAll(Array.from(form, (byte) => Buffer.from([byte])));
  assert.equal(single.length, 3);
});

test('bytes that no text is are read as they are', async () => {
  const bytes = randomBytes(300_000);
  const form = formOf([{ ...file, bytes }]);
  const chunks = Array.from({ length: Math.ceil(form.length / 65_536) }, (_, index) =>
    form.subarray(index * 65_536, (index + 1) * 65_536),
  );
  const [part] = await readAll(chunks);
  assert.ok(part?.bytes.equals(bytes));
});

test('a part that is not read is skipped', async () => {
  const request = Object.assign(
    (async function* () {
      yield await Promise.resolve(formOf([file, text]));
    })(),
    { headers: { 'content-type': type } },
  );
  const fields: string[] = [];
  for await (const { field } of readForm({ request, clock: systemClock, idleMillis: 60_000 }, signal))
    fields.push(field);
  assert.deepEqual(fields, ['file', 'job']);
});

test('a form that breaks off anywhere is refused', async () => {
  const form = formOf([file, text, file]);
  // The line's end after the form may be missing.
  for (let at = 0; at < form.length - 2; at += 1)
    for (const chunks of [[form.subarray(0, at)], [form.subarray(0, at / 2), form.subarray(at / 2, at)]])
      await assert.rejects(readAll(chunks), { code: 'invalid-request', field: 'body' }, `after ${at} bytes`);
  assert.equal((await readAll([form.subarray(0, -2)])).length, 3);
});

test('nothing of a form is read before what has arrived is taken', async () => {
  const chunks = Array.from({ length: 20 }, () => Buffer.alloc(65_536));
  const taken: number[] = [];
  const request = Object.assign(
    (async function* () {
      yield await Promise.resolve(Buffer.from(`------x\r\n${file.head}\r\n\r\n`));
      for (const [index, chunk] of chunks.entries()) {
        taken.push(index);
        yield chunk;
      }
      yield Buffer.from('\r\n------x--\r\n');
    })(),
    { headers: { 'content-type': type } },
  );
  for await (const { body } of readForm({ request, clock: systemClock, idleMillis: 60_000 }, signal)) {
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      assert.ok(taken.length * 65_536 - size < 65_536);
    }
    assert.equal(size, 20 * 65_536);
  }
});

const whole = formOf([file]);
const refused = [
  { name: 'without a boundary', form: whole, type: 'multipart/form-data', field: 'Content-Type' },
  { name: 'with another boundary', form: whole, type: 'multipart/form-data; boundary=y' },
  { name: 'that is empty', form: Buffer.alloc(0) },
  { name: 'without its end', form: whole.subarray(0, -4) },
  { name: 'that ends in a part', form: whole.subarray(0, 130) },
  { name: 'that ends in a description', form: whole.subarray(0, 20) },
  { name: 'whose part has no name', form: formOf([{ head: 'Content-Disposition: form-data', bytes: '' }]) },
  { name: 'whose part is not described', form: formOf([{ head: '', bytes: 'x' }]) },
  { name: 'whose description is endless', form: formOf([{ head: `X: ${'x'.repeat(9000)}`, bytes: '' }]) },
  {
    name: 'whose file is named at length',
    form: formOf([{ head: `${file.head}\r\nX: ${'x'.repeat(9000)}`, bytes: '' }]),
  },
  { name: 'whose description has no end', form: Buffer.concat([Buffer.from('------x\r\nX: y\r\n'), whole]) },
  { name: 'whose last description has no end', form: formOf([file], '------x\r\nX: y\r\n------x--\r\n') },
  { name: 'with too many parts', form: formOf(Array.from({ length: 101 }, () => text)) },
  { name: 'with much after it', form: Buffer.concat([whole, Buffer.alloc(100_000)]) },
];
for (const { name, form, type: contentType = type, field = 'body' } of refused)
  test(`a form ${name} is refused`, async () => {
    await assert.rejects(readAll([form.subarray(0, 50), form.subarray(50)], contentType), {
      code: 'invalid-request',
      field,
    });
  });
