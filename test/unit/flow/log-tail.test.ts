import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { buildLogTail, redactMessage } from '../../../src/flow/log-tail.ts';

function tail(text: string, secrets: string[] = [], cut = false): string {
  return buildLogTail({ text, secrets, cut });
}

suite('of a log', () => {
  test('the last 20 lines are kept', () => {
    const lines = Array.from({ length: 25 }, (_, index) => `line ${index}`);
    assert.deepEqual(tail(`${lines.join('\n')}\n`).split('\n'), lines.slice(5));
    assert.equal(tail(''), '');
    assert.equal(tail('\n\n'), '');
  });

  test('at most 4 KiB are kept, in whole lines', () => {
    const kept = tail(`${`${'ä'.repeat(300)}\n`.repeat(20)}the end\n`);
    assert.ok(Buffer.byteLength(kept) <= 4096);
    assert.match(kept, /^…\n(ä{300}\n){6}the end$/);
  });

  test('the end of one line that is longer is kept, in whole characters', () => {
    const kept = tail(`${'€'.repeat(3000)}end`);
    assert.ok(Buffer.byteLength(kept) <= 4096);
    assert.match(kept, /^…€+end$/);
  });

  test('nothing is kept that steers a terminal', () => {
    assert.equal(
      tail('\u001b[31mred\u001b[0m\u0000\u0007 and\tplain\r\nnext\rlast'),
      'red and\tplain\nnext\nlast',
    );
  });
});

suite('a secret is redacted', () => {
  const secret = 'a "key"/that+nobody=may read';
  const spellings = [
    { name: 'as it is', text: secret },
    { name: 'in JSON', text: JSON.stringify({ secret }) },
    { name: 'in a URL', text: encodeURIComponent(secret) },
    { name: 'as base64', text: Buffer.from(secret).toString('base64') },
    { name: 'as base64 for URLs', text: Buffer.from(secret).toString('base64url') },
    { name: 'in hexadecimal', text: Buffer.from(secret).toString('hex') },
    { name: 'twice in a line', text: `${secret} and ${secret}` },
    { name: 'between colours', text: `\u001b[1m${secret.slice(0, 5)}\u001b[0m${secret.slice(5)}` },
  ];
  for (const { name, text } of spellings) {
    test(name, () => {
      const kept = tail(`before ${text} after`, [secret]);
      assert.match(kept, /^before .*\[redacted\].* after$/);
      assert.doesNotMatch(kept, /key|nobody|6b6579|YSAi/);
    });
  }

  test('where a termination message starts in the middle of it', () => {
    assert.equal(redactMessage('body=may read, and more', [secret]), '…, and more');
  });

  test('a line at a time', () => {
    const certificate = '-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n';
    const kept = tail(`read MIIEvQIBADANBgkq\nand hkiG9w0BAQEFAASC.`, [certificate]);
    assert.equal(kept, 'read [redacted]\nand [redacted].');
  });

  test('where the text starts or is cut in the middle of it', () => {
    assert.equal(tail('nobody=may read, said the worker', [secret]), '…, said the worker');
    assert.equal(tail('the worker said a "key"/that+no', [secret], true), 'the worker said …');
    assert.equal(tail('the worker said a "k', [secret], true), 'the worker said …');
  });

  test('however short it is', () => {
    assert.equal(tail('pin 7', ['7']), 'pin [redacted]');
  });
});
