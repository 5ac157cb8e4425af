import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogRedactor } from '../../../src/flow/log-redactor.ts';
import { createLogFormat, TimedLog } from '../../../src/flow/timed-log.ts';

type Piece = string | Buffer;

/** What is passed on after each piece, and at the end. */
function redact(secrets: Piece[], pieces: readonly Piece[], timestamps = false): string[] {
  const log = new TimedLog();
  const redactor = new LogRedactor(secrets.map((secret) => Buffer.from(secret)));
  const format = createLogFormat({ timestamps });
  const passed = pieces.map((piece) => format(redactor.push(log.push(Buffer.from(piece)))));
  const rest = [...redactor.push(log.end()), ...redactor.end()];
  return [...passed, format(rest)].map((bytes) => bytes.toString('latin1'));
}

const time = '2026-11-28T12:00:00.123456789Z';

test('lines are passed on as they come, and the rest at the end', () => {
  assert.deepEqual(redact([], ['a\nb', 'c\n', 'd']), ['a\n', 'bc\n', '', 'd']);
  assert.deepEqual(redact(['very-secret'], ['a\n']), ['a\n', '']);
});

test('a secret is redacted wherever the pieces are cut, and the log keeps its lines', () => {
  const secret = 'top-secret\nof-two';
  const text = `before ${secret} after\n`;
  for (let cut = 0; cut <= text.length; cut += 1)
    assert.equal(
      redact([secret], [text.slice(0, cut), text.slice(cut)]).join(''),
      'before [redacted]\n[redacted] after\n',
      `cut at ${cut}`,
    );
});

test('a secret of several short lines is found with times between them', () => {
  const text = `${time} x ab\n${time} cd\n${time} next\n`;
  assert.equal(
    redact(['ab\ncd'], [text], true).join(''),
    `${time} x [redacted]\n${time} [redacted]\n${time} next\n`,
  );
});

test('a line is held back while it may be the start of a secret of several lines', () => {
  assert.deepEqual(redact(['ab\ncd'], ['x ab\n', 'cd\n']), ['', 'x [redacted]\n[redacted]\n', '']);
  assert.deepEqual(redact(['ab\ncd'], ['x ab\n', 'no\n']), ['', 'x ab\nno\n', '']);
});

test('a log that starts or ends in the middle of a secret shows nothing of it', () => {
  const secret = 'one\ntwo\nthree';
  assert.equal(redact([secret], ['two\nthree\nrest\n']).join(''), '[redacted]\n[redacted]\nrest\n');
  assert.deepEqual(redact([secret], ['two\n', 'three\n']), ['', '[redacted]\n[redacted]\n', '']);
  assert.deepEqual(redact([secret], ['two\n', 'others\n']), ['', 'two\nothers\n', '']);
  assert.equal(redact([secret], ['rest one\ntwo\n']).join(''), 'rest [redacted]\n[redacted]\n');
  assert.equal(redact(['a-long-secret'], ['rest a-long-se']).join(''), 'rest [redacted]');
});

test('bytes that are no UTF-8, carriage returns and control characters stay as they are, whatever the pieces', () => {
  const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0xc3, 0xa9, 0x0d, 0x1b, 0x5b, 0x6d, 0x0a, 0xc3]);
  for (let cut = 0; cut <= bytes.length; cut += 1)
    assert.equal(
      redact(['é-secret'], [bytes.subarray(0, cut), bytes.subarray(cut)]).join(''),
      bytes.toString('latin1'),
    );
});

test('secrets in other spellings, other alphabets and without any are redacted', () => {
  const binary = Buffer.from([0x80, 0x81, 0x82, 0x83, 0x84]);
  const secrets = ['hidden-value', 'schlüssel', binary, 'first\nsecond'];
  const spelled = [
    Buffer.from('hidden-value').toString('base64'),
    'schlüssel',
    encodeURIComponent('schlüssel'),
    binary,
    binary.toString('hex'),
    'first\r\nsecond',
  ];
  for (const one of spelled)
    assert.equal(
      redact(secrets, [Buffer.concat([Buffer.from('x '), Buffer.from(one), Buffer.from(' y\n')])])
        .join('')
        .replace('\n[redacted]', ''),
      'x [redacted] y\n',
    );
});

test('a line without an end is bounded, and no secret in it is cut', () => {
  const secrets = ['needle-in-it'];
  const log = ['x'.repeat(70_000), `${'x'.repeat(9)}needle`, '-in-it', 'y'.repeat(70_000)];
  const passed = redact(secrets, log);
  assert.ok((passed[0]?.length ?? 0) >= 70_000 - 24, 'it is passed on while it is read');
  assert.equal(passed.join(''), `${'x'.repeat(70_009)}[redacted]${'y'.repeat(70_000)}`);
});
