import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ConnectorSimulator, TransferProcess } from 'connector-simulator';
import { flowName } from '../../../src/flow/names.ts';
import { contentOf, filesOf, workerRuns } from './job-work.ts';
import type { Answered, StartTransfer, Told, Transfer, Work } from './transfer.ts';
import { assets } from './transfer.ts';
import type { World } from '../world.ts';

type Dialect = 'control-plane' | 'data-plane';

export interface Provisioner {
  name: string;
  dialect: Dialect;
}

/** Transfers of a provider whose control plane or data plane provisions; the provider pushes. */
export function provisionerTransfers(provisioner: Provisioner): StartTransfer {
  return ({ world }, work) => {
    const process = world.connector(provisioner.name).startTransfer({ assetId: assets[work] });
    return Promise.resolve(new ProvisionerTransfer({ world, provisioner, process, work }));
  };
}

interface Parts {
  world: World;
  provisioner: Provisioner;
  process: TransferProcess;
  work: Work;
}

class ProvisionerTransfer implements Transfer {
  readonly flow: string;
  readonly work: Work;
  readonly content: string;
  readonly files: number;
  readonly #world: World;
  readonly #id: string;
  readonly #dialect: Dialect;
  readonly #connector: ConnectorSimulator;

  constructor({ world, provisioner: { name, dialect }, process, work }: Parts) {
    const { id, resourceDefinitionId } = process;
    const ids: Record<string, string> =
      dialect === 'control-plane'
        ? { transferProcessId: id, resourceDefinitionId }
        : { flowId: id, provisionResourceId: resourceDefinitionId };
    this.flow = flowName({ dialect, connector: name, ids });
    this.work = work;
    this.content = contentOf(work);
    this.files = filesOf(work);
    this.#world = world;
    this.#id = id;
    this.#dialect = dialect;
    this.#connector = world.connector(name);
  }

  async accepted(): Promise<void> {
    await this.#connector.waitFor(this.#id, ({ answeredAt }) => answeredAt !== undefined);
  }

  async running(): Promise<void> {
    await workerRuns(this.#world, this.flow);
  }

  async repeat(times: number): Promise<Answered[]> {
    return await answersTo(times, (left) => this.#connector.repeat(this.#id, { times: left }));
  }

  async contradict(): Promise<Answered[]> {
    return await answersTo(1, () => this.#connector.repeat(this.#id, { assetId: assets.failing }));
  }

  async delivered(): Promise<void> {
    await this.#connector.waitFor(this.#id, () => this.#connector.received(this.#id).length > 0);
  }

  async bytes(): Promise<Buffer> {
    const [received, ...others] = this.#connector.received(this.#id);
    assert.ok(received !== undefined && others.length === 0, 'the data is fetched once');
    return await readFile(received.path);
  }

  async complete(): Promise<void> {
    assert.equal((await this.#over()).consumer.state, 'COMPLETED');
  }

  async failed(): Promise<string> {
    const { consumer, errorDetail = '' } = await this.#over();
    assert.equal(consumer.state, 'TERMINATED');
    return errorDetail;
  }

  terminate(): Promise<void> {
    assert.ok(this.#connector.terminateByProvider(this.#id));
    return Promise.resolve();
  }

  /** The connector has sent the first one by itself. */
  async deprovision(): Promise<Answered[]> {
    await this.#over();
    return await answersTo(2, (times) => this.#connector.repeat(this.#id, { type: 'deprovision', times }));
  }

  told(): Told {
    const accepted = this.#messages().filter(({ status }) => status === 204);
    const { rewinds, overtaken } = this.#connector.process(this.#id);
    function count(act: RegExp, isFailure: boolean): number {
      return accepted.filter(
        ({ target, body }) => act.test(target) && body.includes('/failed/') === isFailure,
      ).length;
    }
    return {
      ready: count(/\/provision$/, false),
      failed: count(/\/provision$/, true) + count(/\/terminate$/, false),
      completed: 0,
      confirmed: count(/\/deprovision$/, false),
      harmful: rewinds + (overtaken ? 1 : 0),
    };
  }

  refused(): number {
    return this.#messages().filter(({ status }) => status !== 204).length;
  }

  #messages() {
    const all = this.#connector.exchanges({ transferProcessId: this.#id });
    return all.filter(({ kind }) => kind === 'callback' || kind === 'management');
  }

  async #over(): Promise<TransferProcess> {
    const states = ['DEPROVISIONED', 'DEPROVISIONING_REQUESTED'];
    return await this.#connector.waitFor(this.#id, ({ state, dataFlow }) =>
      this.#dialect === 'data-plane' ? dataFlow === 'DEPROVISIONED' : states.includes(state),
    );
  }
}

type Sent = Awaited<ReturnType<ConnectorSimulator['repeat']>>[number];

/** Sends so many requests at once. One that is not answered in time is sent again, as connectors do. */
export async function answersTo(
  times: number,
  send: (times: number) => Promise<Sent[]>,
): Promise<Answered[]> {
  const answers: Answered[] = [];
  for (let round = 0; answers.length < times; round += 1) {
    assert.ok(round < 20, `${times - answers.length} of ${times} requests were never answered`);
    const sent = await send(times - answers.length);
    answers.push(...sent.filter((one) => one.kind === 'answered'));
  }
  return answers;
}
