// Writes a rosbag (https://wiki.ros.org/Bags/Format/2.0) of one camera, a frame of a megabyte in each chunk. In place of pictures it has
// bytes that no compression makes smaller and no text survives. The same scenario gives the same bytes.
import { createCipheriv, hash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const { RESULT_DIRECTORY, SCENARIO, REAL_TIME } = process.env;
const seconds = Number(process.env.SECONDS);
const frames = Number(process.env.MEGABYTES);
const bytesOfFrame = 1_000_000;
const key = hash('sha256', SCENARIO, 'buffer').subarray(0, 16);
const camera = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));

const path = join(RESULT_DIRECTORY, 'drive.bag');
// Under its final name only when it is whole: uploading begins while this runs.
const bag = createWriteStream(`${path}.part`);
await write(Buffer.from('#ROSBAG V2.0\n'));
await write(bagHeader());
const started = performance.now();
for (let frame = 0; frame < frames; frame += 1) {
  const time = (seconds * (frame + 1)) / frames;
  await write(chunk(time));
  if (REAL_TIME === 'true') await sleep(Math.max(0, started + time * 1000 - performance.now()));
  if (frame % 10 === 9 || frame === frames - 1) await report(frame + 1, time);
}
bag.end();
await finished(bag);
await rename(`${path}.part`, path);

/** In the log, and in the file that the service shows to those who look at the job. */
async function report(done, time) {
  const message = `recorded ${Math.round(time)} of ${seconds} seconds`;
  console.log(message);
  const percent = Math.floor((100 * done) / frames);
  await writeFile(join(RESULT_DIRECTORY, 'progress'), JSON.stringify({ percent, message }));
}

async function write(bytes) {
  if (!bag.write(bytes)) await once(bag, 'drain');
}

/** Without an index, as a recorder leaves it that was stopped early: `rosbag reindex` adds one. It has 4096 bytes. */
function bagHeader() {
  const header = fields({ op: [3], index_pos: Buffer.alloc(8), conn_count: uint32(0), chunk_count: uint32(0) });
  return record(header, Buffer.alloc(4096 - 8 - header.length, ' '));
}

function chunk(time) {
  const topic = Buffer.from('/camera');
  const connection = record(
    fields({ op: [7], conn: uint32(0), topic }),
    fields({ topic, type: Buffer.from('sensor_msgs/Image') }),
  );
  const at = Buffer.concat([uint32(Math.floor(time)), uint32(Math.floor((time % 1) * 1e9))]);
  const picture = camera.update(Buffer.alloc(bytesOfFrame));
  const message = record(fields({ op: [2], conn: uint32(0), time: at }), picture);
  const data = Buffer.concat([connection, message]);
  return record(fields({ op: [5], compression: Buffer.from('none'), size: uint32(data.length) }), data);
}

function record(header, data) {
  return Buffer.concat([uint32(header.length), header, uint32(data.length), data]);
}

function fields(values) {
  const parts = Object.entries(values).map(([name, value]) => {
    const field = Buffer.concat([Buffer.from(`${name}=`), Buffer.from(value)]);
    return Buffer.concat([uint32(field.length), field]);
  });
  return Buffer.concat(parts);
}

function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
