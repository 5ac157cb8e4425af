import { test } from 'node:test';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate } from '../support/stuck-template.ts';

for (const image of ['Upper/Case', 'Upper/Case:1']) {
  test(`the image ${image}, which no registry can have, ends its transfer at once`, async (t) => {
    const world = await startWorld(t, { templates: { stuck: stuckTemplate({ worker: { image } }) } });
    const transfer = world.connector().startTransfer({ assetId: 'stuck' });
    await assertNeverStarted(world, transfer, {
      reason: 'image-name-invalid',
      says: new RegExp(`"${image}" of the container worker is not the name of an image`),
    });
  });
}
