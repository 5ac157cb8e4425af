import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childText, parseXml } from '../../src/http/parse-xml.ts';

test('elements, text, references, comments and prefixes are read', () => {
  const root = parseXml(
    '<?xml version="1.0"?>\n<s:Delete xmlns:s="urn:x"><!-- <no/> --><s:Key>a &amp; &#x65E5;&#66; &lt;</s:Key><Quiet/></s:Delete>\n',
  );
  assert.equal(root.name, 'Delete');
  assert.equal(childText(root, 'Key'), 'a & 日B <');
  assert.equal(childText(root, 'Quiet'), '');
  assert.equal(childText(root, 'Absent'), undefined);
});

const malformed = [
  { name: 'nothing', xml: '' },
  { name: 'text alone', xml: 'text' },
  { name: 'two roots', xml: '<a/><b/>' },
  { name: 'an element that is not closed', xml: '<a><b></b>' },
  { name: 'elements that overlap', xml: '<a><b></a></b>' },
  { name: 'a document type', xml: '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>' },
  { name: 'an unknown entity', xml: '<a>&x;</a>' },
  { name: 'a lone ampersand', xml: '<a>x & y</a>' },
  { name: 'a reference to no character', xml: '<a>&#xD800;</a>' },
  { name: 'CDATA', xml: '<a><![CDATA[x]]></a>' },
  { name: 'elements nine deep', xml: '<a>'.repeat(9) + '</a>'.repeat(9) },
  { name: 'an attribute without quotes', xml: '<a b=c/>' },
];

for (const { name, xml } of malformed) {
  test(`${name} is refused as MalformedXML`, () => {
    assert.throws(() => parseXml(xml), { code: 'MalformedXML' });
  });
}

test('a long text of one character takes no long search', () => {
  const text = '&lt;'.repeat(200_000);
  assert.equal(parseXml(`<a>${text}</a>`).text.length, 200_000);
});
