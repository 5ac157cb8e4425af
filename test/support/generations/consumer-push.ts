import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as createRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import type { EndpointAddress } from 'connector-simulator';
import { waitUntil } from '../wait-until.ts';
import { receivedBytes } from './consumer.ts';
import { SignalingActs } from './signaling-transfer.ts';
import type { StartTransfer, Suspension } from './transfer.ts';

const content = Buffer.from('what another provider pushes\n');

/** Transfers of a consumer whose provider sends to the inbox of the service: that upload is the work. */
export function consumerPushes(name: string): StartTransfer {
  return ({ world }, work) => {
    const connector = world.signaling(name);
    const { id } = connector.startTransfer({ assetId: 'of-another-provider', mode: 'push' });
    const acts = new SignalingActs(connector, { id, first: 'prepare' });
    const flow = world.dataFlowOf(acts, name);
    const uploads: Upload[] = [];
    function upload(): Upload {
      const started = new Upload(connector.process(id).disclosed);
      uploads.push(started);
      return started;
    }
    // A provider repeats an upload that the service cannot decide on for the moment.
    async function answered(status: number): Promise<void> {
      await waitUntil(`an upload is answered ${status}`, async () => (await upload().end()) === status);
    }
    return Promise.resolve({
      flow,
      work,
      content: content.toString(),
      files: 1,
      async accepted() {
        await acts.in('REQUESTED');
        assert.ok(connector.startByProvider(id));
        await acts.in('STARTED');
      },
      running: () => upload().begin(),
      repeat: (times) => acts.repeat(times),
      contradict: () => acts.contradict(),
      async delivered() {
        if ((await uploads.at(-1)?.end()) !== 201) await answered(201);
      },
      bytes: () => receivedBytes(world, flow),
      async complete() {
        assert.ok(connector.complete(id));
        await acts.in('COMPLETED');
        await answered(410);
      },
      failed: () => acts.failed(),
      async terminate() {
        await acts.terminate();
        assert.notEqual(await uploads.at(-1)?.end(), 201);
        await answered(410);
      },
      suspension: suspensionOf(acts, answered),
      told: () => acts.told(),
      refused: () => acts.refused(),
    });
  };
}

function suspensionOf(acts: SignalingActs, answered: (status: number) => Promise<void>): Suspension {
  return {
    async flowing() {
      await acts.in('STARTED');
    },
    async suspend() {
      await acts.suspend();
      await answered(403);
    },
    resume: () => acts.resume(),
  };
}

/** One request of the provider, which may stop in the middle. */
class Upload {
  readonly #request: ClientRequest;
  /** Of the answer; undefined if the connection is lost. */
  readonly #status: Promise<number | undefined>;
  #sent = 0;

  constructor(address: EndpointAddress | undefined) {
    assert.ok(address?.endpoint !== undefined, 'the consumer has given an address');
    const headers = { 'content-length': content.length };
    this.#request = createRequest(address.endpoint, { method: 'PUT', headers });
    this.#status = once(this.#request, 'response').then(
      ([response]: IncomingMessage[]) => response?.resume().statusCode,
      () => undefined,
    );
    this.#request.on('error', () => undefined);
  }

  /** Sends the first half. */
  async begin(): Promise<void> {
    this.#sent = Math.floor(content.length / 2);
    await new Promise((resolve) => this.#request.write(content.subarray(0, this.#sent), resolve));
  }

  /** Sends the rest; the status of the answer. */
  async end(): Promise<number | undefined> {
    if (!this.#request.writableEnded) this.#request.end(content.subarray(this.#sent));
    return await this.#status;
  }
}
