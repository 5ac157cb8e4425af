#!/usr/bin/env node
// Feature probe for an S3 server: minio-js for ordinary calls, a small SigV4 signer of its own for the odd ones.
// Usage, from the root of the project: S3_ENDPOINT=http://127.0.0.1:9000 S3_ACCESS_KEY=.. S3_SECRET_KEY=.. [PROBE_ONLY=regex] node test/servers/s3-probe.mjs
// It makes a bucket of its own and leaves it. test/integration/s3-probe.store.test.ts holds what each store is known to lack.
/* global Blob, Buffer, FormData, URL, URLSearchParams, setTimeout */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import http from 'node:http';
import path from 'node:path';

const require = createRequire(path.join(process.env.PROBE_MODULES ?? process.cwd(), 'x.js'));
const Minio = require('minio');
const url = new URL(process.env.S3_ENDPOINT);
const ak = process.env.S3_ACCESS_KEY,
  sk = process.env.S3_SECRET_KEY,
  region = process.env.S3_REGION ?? 'us-east-1';
const mk = (o = {}) =>
  new Minio.Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: false,
    accessKey: ak,
    secretKey: sk,
    region,
    pathStyle: true,
    ...o,
  });
const c = mk();
const bucket = `probe-${randomBytes(4).toString('hex')}`;

const hex = (b) => createHash('sha256').update(b).digest('hex');
const hm = (k, s) => createHmac('sha256', k).update(s).digest();
const enc = (s) =>
  encodeURIComponent(s).replace(/[!'()*]/g, (x) => '%' + x.charCodeAt(0).toString(16).toUpperCase());
/** Signed raw request. service 's3' or 'sts'; `sha` overrides x-amz-content-sha256. */
export async function raw(
  method,
  p,
  {
    query = {},
    headers = {},
    body = Buffer.alloc(0),
    sha,
    service = 's3',
    key = ak,
    secret = sk,
    token,
    sign = true,
  } = {},
) {
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, ''),
    day = date.slice(0, 8);
  const h = { host: url.host, 'x-amz-date': date, 'x-amz-content-sha256': sha ?? hex(body), ...headers };
  if (token) h['x-amz-security-token'] = token;
  const names = Object.keys(h)
    .map((n) => n.toLowerCase())
    .sort();
  const low = Object.fromEntries(Object.entries(h).map(([k, v]) => [k.toLowerCase(), String(v).trim()]));
  const qs = Object.keys(query)
    .sort()
    .map((k) => `${enc(k)}=${enc(query[k])}`)
    .join('&');
  const uri = p.split('/').map(enc).join('/');
  const canon = [
    method,
    uri,
    qs,
    names.map((n) => `${n}:${low[n]}\n`).join(''),
    names.join(';'),
    low['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const k = hm(hm(hm(hm('AWS4' + secret, day), region), service), 'aws4_request');
  const sig = createHmac('sha256', k)
    .update(['AWS4-HMAC-SHA256', date, scope, hex(canon)].join('\n'))
    .digest('hex');
  if (sign)
    low.authorization = `AWS4-HMAC-SHA256 Credential=${key}/${scope}, SignedHeaders=${names.join(';')}, Signature=${sig}`;
  low['content-length'] = String(body.length);
  return new Promise((res, rej) => {
    const rq = http.request(
      {
        host: url.hostname,
        port: url.port,
        method,
        path: uri + (qs ? '?' + qs : ''),
        headers: low,
        timeout: 20000,
      },
      (r) => {
        const parts = [];
        r.on('data', (d) => parts.push(d));
        r.on('end', () => {
          const text = Buffer.concat(parts).toString();
          res({ status: r.statusCode, headers: r.headers, text, code: /<Code>([^<]*)/.exec(text)?.[1] });
        });
        r.on('error', rej);
      },
    );
    rq.on('timeout', () => rq.destroy(new Error('timeout')));
    rq.on('error', rej);
    rq.end(body);
  });
}
const want = (cond, what) => {
  if (!cond) throw new Error(what);
};
const all = (s) =>
  new Promise((res, rej) => {
    const o = [];
    s.on('data', (x) => o.push(x));
    s.on('end', () => res(o));
    s.on('error', rej);
  });
const text = async (s) => Buffer.concat(await all(s)).toString();
const get = (u, o = {}) =>
  new Promise((res, rej) => {
    const r = http.request(u, { method: o.method ?? 'GET', headers: o.headers }, (x) => {
      const b = [];
      x.on('data', (d) => b.push(d));
      x.on('end', () => res({ status: x.statusCode, headers: x.headers, text: Buffer.concat(b).toString() }));
    });
    r.on('error', rej);
    r.end(o.body);
  });
const sleep = (ms) => new Promise((r) => setTimeout(r, ms));
const st = (r) => `${r.status}${r.code ? ' ' + r.code : ''}`;
const code = async (p) => {
  try {
    await p;
    return 'accepted';
  } catch (e) {
    return e.code ?? e.message;
  }
};

const tests = {
  'bucket create/exists/list': async () => {
    await c.makeBucket(bucket, region);
    want(await c.bucketExists(bucket), 'not there');
    want(
      (await c.listBuckets()).some((b) => b.name === bucket),
      'not listed',
    );
  },
  'bucket create again': async () => st(await raw('PUT', `/${bucket}`)),
  'put/get/stat + user metadata': async () => {
    await c.putObject(bucket, 'a/hello.txt', Buffer.from('hello world'), undefined, {
      'Content-Type': 'text/x-probe',
      'X-Amz-Meta-Who': 'me',
    });
    const s = await c.statObject(bucket, 'a/hello.txt');
    want(
      s.size === 11 && s.metaData.who === 'me' && s.metaData['content-type'] === 'text/x-probe',
      JSON.stringify(s),
    );
    want((await text(await c.getObject(bucket, 'a/hello.txt'))) === 'hello world', 'body');
  },
  'put stream of unknown length': async () => {
    await c.putObject(bucket, 'a/stream', Readable.from([Buffer.from('abc'), Buffer.from('def')]));
    want((await c.statObject(bucket, 'a/stream')).size === 6, 'size');
  },
  range: async () => {
    want((await text(await c.getPartialObject(bucket, 'a/hello.txt', 6, 5))) === 'world', 'body');
    const s = await raw('GET', `/${bucket}/a/hello.txt`, { headers: { range: 'bytes=-5' } });
    want(s.status === 206 && s.text === 'world', `suffix: ${st(s)}`);
    const bad = await raw('GET', `/${bucket}/a/hello.txt`, { headers: { range: 'bytes=100-' } });
    want(bad.status === 416, `beyond end: ${st(bad)}`);
  },
  'odd keys': async () => {
    for (const k of ['sp ace/+plus&amp.txt', 'ünï/日本.txt', "q'uote(1).txt", 'x/%41']) {
      await c.putObject(bucket, `odd/${k}`, 'x');
      await c.statObject(bucket, `odd/${k}`);
    }
    const n = (await all(c.listObjectsV2(bucket, 'odd/', true))).map((o) => o.name);
    want(n.length === 4 && n.includes('odd/x/%41'), n.join());
  },
  'keys with // or ..': async () => {
    const r = [];
    for (const k of ['a//b', 'a/../b', '/lead', 'dir/'])
      r.push(`${k} ${await code(c.putObject(bucket, `e/${k}`, 'x'))}`);
    return r.join('; ');
  },
  'list v2: prefix, delimiter, pages': async () => {
    for (let i = 0; i < 5; i++) await c.putObject(bucket, `l/${i}/f`, 'x');
    const d = await all(c.listObjectsV2(bucket, 'l/', false));
    want(d.length === 5 && d.every((o) => o.prefix), 'delimiter');
    const p = await raw('GET', `/${bucket}`, { query: { 'list-type': '2', prefix: 'l/', 'max-keys': '2' } });
    const t = /<NextContinuationToken>([^<]*)/.exec(p.text)?.[1];
    want(t && (p.text.match(/<Key>/g) ?? []).length === 2, 'page 1');
    const q = await raw('GET', `/${bucket}`, {
      query: { 'list-type': '2', prefix: 'l/', 'max-keys': '9', 'continuation-token': t },
    });
    want((q.text.match(/<Key>/g) ?? []).length === 3, 'page 2');
    const sa = await raw('GET', `/${bucket}`, {
      query: { 'list-type': '2', prefix: 'l/', 'start-after': 'l/3/f' },
    });
    want((sa.text.match(/<Key>/g) ?? []).length === 1, 'start-after');
  },
  'multipart (minio-js, 5 MiB parts)': async () => {
    const m = mk({ partSize: 5 * 1024 * 1024 });
    const b = randomBytes(12 * 1024 * 1024);
    const r = await m.putObject(
      bucket,
      'mp',
      Readable.from(
        (function* () {
          for (let i = 0; i < b.length; i += 65536) yield b.subarray(i, i + 65536);
        })(),
      ),
      b.length,
    );
    want(/-3$/.test(r.etag), `etag ${r.etag}`);
    want(hex(Buffer.concat(await all(await m.getObject(bucket, 'mp')))) === hex(b), 'content');
  },
  'multipart: list uploads, list parts, abort': async () => {
    const id = await c.initiateNewMultipartUpload(bucket, 'open', {});
    const p = await raw('PUT', `/${bucket}/open`, {
      query: { partNumber: '1', uploadId: id },
      body: Buffer.from('part'),
    });
    want(p.status === 200, `part ${st(p)}`);
    const l = await raw('GET', `/${bucket}/open`, { query: { uploadId: id } });
    want(l.status === 200 && /<PartNumber>1</.test(l.text), `ListParts ${st(l)}`);
    const u = await all(c.listIncompleteUploads(bucket, '', true));
    want(
      u.some((x) => x.uploadId === id),
      'ListMultipartUploads',
    );
    await c.abortMultipartUpload(bucket, 'open', id);
    want(!(await all(c.listIncompleteUploads(bucket, '', true))).length, 'abort left it');
  },
  'multipart: part < 5 MiB refused': async () => {
    const id = await c.initiateNewMultipartUpload(bucket, 'small', {});
    const et = [];
    for (const n of ['1', '2'])
      et.push(
        (
          await raw('PUT', `/${bucket}/small`, {
            query: { partNumber: n, uploadId: id },
            body: Buffer.from('part'),
          })
        ).headers.etag,
      );
    const r = await raw('POST', `/${bucket}/small`, {
      query: { uploadId: id },
      body: Buffer.from(
        `<CompleteMultipartUpload>${et.map((e, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${e}</ETag></Part>`).join('')}</CompleteMultipartUpload>`,
      ),
    });
    want(/EntityTooSmall/.test(r.text), `complete gave ${st(r)}`);
  },
  'copy, delete many, delete absent': async () => {
    await c.copyObject(bucket, 'copy', `/${bucket}/a/hello.txt`);
    want((await c.statObject(bucket, 'copy')).size === 11, 'copy');
    await c.removeObjects(bucket, ['copy', 'nothere']);
    want((await code(c.statObject(bucket, 'copy'))) !== 'accepted', 'still there');
    await c.removeObject(bucket, 'never-was');
  },
  'etag of small put is MD5': async () => {
    const r = await c.putObject(bucket, 'md5', 'x');
    want(r.etag === createHash('md5').update('x').digest('hex'), r.etag);
  },
  'missing key / bucket codes': async () => {
    const a = await raw('GET', `/${bucket}/no`),
      b = await raw('GET', '/no-such-bucket-x/no');
    want(a.code === 'NoSuchKey' && b.code === 'NoSuchBucket', `${st(a)}, ${st(b)}`);
  },
  'wrong secret refused': async () => {
    const r = await raw('GET', `/${bucket}/a/hello.txt`, { secret: 'wrong' });
    want(r.status === 403, st(r));
    return st(r);
  },
  'unknown access key refused': async () => {
    const r = await raw('GET', `/${bucket}/a/hello.txt`, { key: 'nobody' });
    want(r.status === 403, st(r));
    return st(r);
  },
  'anonymous refused': async () => {
    const r = await get(`${url.origin}/${bucket}/a/hello.txt`);
    want(r.status === 403, String(r.status));
  },
  'payload hash mismatch refused': async () => {
    const r = await raw('PUT', `/${bucket}/bad-sha`, { body: Buffer.from('abc'), sha: hex('other') });
    want(r.status >= 400, st(r));
    return st(r);
  },
  'Content-MD5 mismatch refused': async () => {
    const r = await raw('PUT', `/${bucket}/bad-md5`, {
      body: Buffer.from('abc'),
      headers: { 'content-md5': createHash('md5').update('zzz').digest('base64') },
    });
    want(r.status === 400, st(r));
    return st(r);
  },
  'checksum sha256 header: wrong refused': async () => {
    const r = await raw('PUT', `/${bucket}/cs-bad`, {
      body: Buffer.from('abc'),
      headers: { 'x-amz-checksum-sha256': createHash('sha256').update('zzz').digest('base64') },
    });
    want(r.status === 400, st(r));
    return st(r);
  },
  'checksum sha256 stored and returned': async () => {
    const v = createHash('sha256').update('abc').digest('base64');
    await raw('PUT', `/${bucket}/cs`, { body: Buffer.from('abc'), headers: { 'x-amz-checksum-sha256': v } });
    const r = await raw('HEAD', `/${bucket}/cs`, { headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    want(
      r.headers['x-amz-checksum-sha256'] === v,
      JSON.stringify(r.headers['x-amz-checksum-sha256'] ?? null),
    );
  },
  'checksum crc32c header: wrong refused': async () => {
    const ok = await raw('PUT', `/${bucket}/crc`, {
      body: Buffer.from('123456789'),
      headers: { 'x-amz-checksum-crc32c': '4waSgw==' },
    });
    const bad = await raw('PUT', `/${bucket}/crc2`, {
      body: Buffer.from('123456789'),
      headers: { 'x-amz-checksum-crc32c': 'AAAAAA==' },
    });
    want(ok.status === 200 && bad.status === 400, `right ${st(ok)}, wrong ${st(bad)}`);
  },
  'aws-chunked unsigned trailer crc32c': async () => {
    const mkb = (v) => Buffer.from(`9\r\n123456789\r\n0\r\nx-amz-checksum-crc32c:${v}\r\n\r\n`);
    const go = (k, v) => {
      const b = mkb(v);
      return raw('PUT', `/${bucket}/${k}`, {
        body: b,
        sha: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': '9',
          'x-amz-trailer': 'x-amz-checksum-crc32c',
        },
      });
    };
    const ok = await go('tr', '4waSgw==');
    const body = await raw('GET', `/${bucket}/tr`);
    want(
      ok.status === 200 && body.text === '123456789',
      `right ${st(ok)} body ${JSON.stringify(body.text.slice(0, 40))}`,
    );
    const bad = await go('tr2', 'AAAAAA==');
    want(bad.status === 400, `wrong trailer ${st(bad)}`);
  },
  'If-None-Match:* on PUT': async () => {
    const h = { 'if-none-match': '*' };
    const a = await raw('PUT', `/${bucket}/cond`, { body: Buffer.from('1'), headers: h }),
      b = await raw('PUT', `/${bucket}/cond`, { body: Buffer.from('2'), headers: h });
    want(a.status === 200 && b.status === 412, `${st(a)} then ${st(b)}`);
  },
  'If-None-Match:* race, 10 at once': async () => {
    for (let t = 0; t < 5; t++) {
      const r = await Promise.all(
        Array.from({ length: 10 }, (_, i) =>
          raw('PUT', `/${bucket}/race${t}`, {
            body: Buffer.from(String(i)),
            headers: { 'if-none-match': '*' },
          }),
        ),
      );
      const n = r.filter((x) => x.status === 200).length;
      want(n === 1, `${n} winners (${[...new Set(r.map(st))].join(', ')})`);
    }
  },
  'If-None-Match:* on CompleteMultipartUpload': async () => {
    const id = await c.initiateNewMultipartUpload(bucket, 'cond', {});
    const p = await raw('PUT', `/${bucket}/cond`, {
      query: { partNumber: '1', uploadId: id },
      body: Buffer.from('part'),
    });
    const r = await raw('POST', `/${bucket}/cond`, {
      query: { uploadId: id },
      headers: { 'if-none-match': '*' },
      body: Buffer.from(
        `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${p.headers.etag}</ETag></Part></CompleteMultipartUpload>`,
      ),
    });
    want(r.status === 412 || r.code === 'PreconditionFailed', st(r));
  },
  'If-Match on PUT': async () => {
    const s = await c.statObject(bucket, 'cond');
    const bad = await raw('PUT', `/${bucket}/cond`, {
        body: Buffer.from('3'),
        headers: { 'if-match': '"00000000000000000000000000000000"' },
      }),
      ok = await raw('PUT', `/${bucket}/cond`, {
        body: Buffer.from('3'),
        headers: { 'if-match': `"${s.etag}"` },
      });
    want(bad.status === 412 && ok.status === 200, `wrong ${st(bad)}, right ${st(ok)}`);
  },
  'GET If-None-Match gives 304': async () => {
    const s = await c.statObject(bucket, 'a/hello.txt');
    const r = await raw('GET', `/${bucket}/a/hello.txt`, { headers: { 'if-none-match': `"${s.etag}"` } });
    want(r.status === 304, st(r));
  },
  'presigned GET + response-content-disposition': async () => {
    const u = await c.presignedGetObject(bucket, 'a/hello.txt', 60, {
      'response-content-disposition': 'attachment; filename="x"',
    });
    const r = await get(u);
    want(r.status === 200 && r.text === 'hello world', `${r.status}`);
    want(/attachment/.test(r.headers['content-disposition'] ?? ''), 'no disposition');
  },
  'presigned PUT': async () => {
    const u = await c.presignedPutObject(bucket, 'pre', 60);
    const r = await get(u, { method: 'PUT', body: 'up', headers: { 'content-length': '2' } });
    want(r.status === 200 && (await c.statObject(bucket, 'pre')).size === 2, `${r.status}`);
  },
  'presigned: changed signature refused': async () => {
    const u = (await c.presignedGetObject(bucket, 'a/hello.txt', 60)).replace(
      /Signature=./,
      (m) => m.slice(0, -1) + (m.endsWith('0') ? '1' : '0'),
    );
    const r = await get(u);
    want(r.status === 403, `${r.status}`);
  },
  'presigned: expired refused': async () => {
    const u = await c.presignedGetObject(bucket, 'a/hello.txt', 1);
    await sleep(2500);
    const r = await get(u);
    want(r.status === 403, `${r.status}`);
  },
  'presigned POST policy': async () => {
    const p = c.newPostPolicy();
    p.setBucket(bucket);
    p.setKey('post');
    p.setExpires(new Date(Date.now() + 60000));
    p.setContentLengthRange(1, 5);
    const { formData } = await c.presignedPostPolicy(p);
    const send = async (body) => {
      const f = new FormData();
      for (const [k, v] of Object.entries(formData)) f.append(k, v);
      f.append('file', new Blob([body]));
      return (await fetch(`${url.origin}/${bucket}`, { method: 'POST', body: f })).status;
    };
    const a = await send('abc'),
      b = await send('too long for it');
    want(a < 300 && b >= 400, `in range ${a}, over ${b}`);
  },
  'object tags': async () => {
    await c.setObjectTagging(bucket, 'a/hello.txt', { k: 'v' });
    want(JSON.stringify(await c.getObjectTagging(bucket, 'a/hello.txt')).includes('"v"'), 'lost');
  },
  'lifecycle config': async () => {
    await c.setBucketLifecycle(bucket, {
      Rule: [{ ID: 'r', Status: 'Enabled', Filter: { Prefix: 'l/' }, Expiration: { Days: 1 } }],
    });
    await c.getBucketLifecycle(bucket);
  },
  versioning: async () => {
    await c.setBucketVersioning(bucket, { Status: 'Enabled' });
    await c.putObject(bucket, 'v', '1');
    await c.putObject(bucket, 'v', '2');
    const l = await raw('GET', `/${bucket}`, { query: { versions: '', prefix: 'v' } });
    want((l.text.match(/<VersionId>/g) ?? []).length === 2, st(l));
    await c.setBucketVersioning(bucket, { Status: 'Suspended' });
  },
  'STS AssumeRole with session policy': async () => {
    const role = await assume({ pol: policy(bucket, 'mine/') });
    const k = { key: role.ak, secret: role.sk, token: role.token };
    const r = {
      in: await raw('PUT', `/${bucket}/mine/x`, { body: Buffer.from('1'), ...k }),
      out: await raw('PUT', `/${bucket}/theirs/x`, { body: Buffer.from('1'), ...k }),
      listIn: await raw('GET', `/${bucket}`, { query: { 'list-type': '2', prefix: 'mine/' }, ...k }),
      listOut: await raw('GET', `/${bucket}`, { query: { 'list-type': '2', prefix: 'theirs/' }, ...k }),
      listAll: await raw('GET', `/${bucket}`, { query: { 'list-type': '2' }, ...k }),
      getOut: await raw('GET', `/${bucket}/a/hello.txt`, k),
      del: await raw('DELETE', `/${bucket}/mine/x`, k),
      noTok: await raw('GET', `/${bucket}/mine/x`, { ...k, token: undefined }),
    };
    const got = Object.entries(r)
      .map(([n, x]) => `${n} ${st(x)}`)
      .join('; ');
    want(
      r.in.status === 200 &&
        r.listIn.status === 200 &&
        ['out', 'listOut', 'listAll', 'getOut', 'noTok'].every((n) => r[n].status === 403),
      got,
    );
    return got;
  },
};
export const policy = (b, prefix) => ({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: ['s3:PutObject', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
      Resource: [`arn:aws:s3:::${b}/${prefix}*`],
    },
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [`arn:aws:s3:::${b}`],
      Condition: { StringLike: { 's3:prefix': [prefix, `${prefix}*`] } },
    },
    { Effect: 'Allow', Action: ['s3:GetBucketLocation'], Resource: [`arn:aws:s3:::${b}`] },
  ],
});
export async function assume({ pol, seconds, key = ak, secret = sk } = {}) {
  const f = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15' });
  if (process.env.STS_ROLE_ARN) {
    f.set('RoleArn', process.env.STS_ROLE_ARN);
    f.set('RoleSessionName', 'probe');
  }
  if (pol) f.set('Policy', JSON.stringify(pol));
  if (seconds) f.set('DurationSeconds', String(seconds));
  const r = await raw('POST', '/', {
    service: 'sts',
    key,
    secret,
    body: Buffer.from(f.toString()),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const g = (n) => new RegExp(`<${n}>([^<]*)`).exec(r.text)?.[1];
  if (r.status !== 200 || !g('SessionToken'))
    throw new Error(`AssumeRole ${r.status} ${r.code ?? ''} ${(g('Message') ?? r.text).slice(0, 140)}`);
  return {
    ak: g('AccessKeyId'),
    sk: g('SecretAccessKey'),
    token: g('SessionToken'),
    expires: g('Expiration'),
  };
}

if (process.argv[1] && import.meta.url.endsWith(path.basename(process.argv[1]))) {
  let good = 0,
    bad = 0;
  const only = new RegExp(process.env.PROBE_ONLY ?? '.');
  for (const [name, fn] of Object.entries(tests)) {
    if (!only.test(name) && !name.startsWith('bucket create/')) continue;
    try {
      const note = await Promise.race([
        fn(),
        sleep(30000).then(() => {
          throw new Error('no answer in 30 s');
        }),
      ]);
      good++;
      console.log(`ok   ${name}${typeof note === 'string' ? ` (${note})` : ''}`);
    } catch (e) {
      bad++;
      console.log(`NO   ${name}: ${(e.code ? e.code + ' ' : '') + String(e.message).slice(0, 300)}`);
      if (e.code === 'ECONNREFUSED') process.exit(2);
    }
  }
  console.log(`${good} supported, ${bad} not`);
  process.exit(0);
}
