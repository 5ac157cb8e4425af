import { join } from 'node:path';

import { type ContainerStatus, isSidecar } from '../objects/pod.ts';
import { doubled, pause } from '../objects/timers.ts';
import { ContainerConfigError } from './build-environment.ts';
import { buildPrograms, type ContainerPlace, type ContainerPrograms } from './build-program.ts';
import { ContainerLog } from './container-log.ts';
import type { ContainerProcess } from './container-process.ts';
import { createStatusKeeper, type StatusKeeper } from './container-status.ts';
import type { NodeContext } from './context.ts';
import { findImage } from './find-image.ts';
import type { Grace } from './grace.ts';
import type { LocalImage } from './images.ts';
import { runOnce } from './run-once.ts';
import { unsupportedPart } from './unsupported-part.ts';

export interface ContainerRunOptions {
  context: NodeContext;
  place: ContainerPlace;
  isInit: boolean;
  /** Shows the container's new status to the world. */
  readonly publish: () => void;
}

/** One container of a pod on this node, through all its restarts. */
export class ContainerRun {
  readonly isSidecar: boolean;
  readonly isInit: boolean;
  readonly #context: NodeContext;
  readonly #place: ContainerPlace;
  readonly #keeper: StatusKeeper;
  readonly #started = Promise.withResolvers<undefined>();
  #process: Promise<ContainerProcess> | undefined;
  #runs = 0;
  readonly #logs: ContainerLog[] = [];

  constructor({ context, place, isInit, publish }: ContainerRunOptions) {
    this.#context = context;
    this.#place = place;
    this.isInit = isInit;
    this.isSidecar = isInit && isSidecar(place.container);
    const firstWait = place.pod.spec.initContainers?.length ? 'PodInitializing' : 'ContainerCreating';
    this.#keeper = createStatusKeeper({ container: place.container, isInit, firstWait, publish });
  }

  get status(): ContainerStatus {
    return this.#keeper.status;
  }

  /** Resolves once others may rely on it: it runs, and its startup probe passed. */
  get hasStarted(): Promise<undefined> {
    return this.#started.promise;
  }

  get log(): ContainerLog | undefined {
    return this.#logs.at(-1);
  }

  get previousLog(): ContainerLog | undefined {
    return this.#logs.at(-2);
  }

  /** Starts the container, and again as its policy says, until that is over or the signal forbids another start. */
  async run(stopping: AbortSignal): Promise<void> {
    for (let ends = 0; !stopping.aborted; ends += 1) {
      if (ends > 0 && !(await this.#backOff(ends, stopping))) break;
      const image = await findImage(
        this.#context,
        {
          ...this.#place,
          wait: (reason, message) => {
            this.#keeper.wait(reason, message);
          },
        },
        stopping,
      );
      const exitCode = image && (await this.#execute(image, stopping));
      if (exitCode === undefined || !this.#mayRestart(exitCode)) break;
    }
    this.#keeper.settle();
  }

  /** Asks the container to end and sees to it that it does. Harmless if it does not run. */
  async terminate(grace: Grace): Promise<void> {
    const process = await this.#process?.catch(() => undefined);
    if (!process) return;
    this.#note('Normal', 'Killing', `Stopping container ${this.status.name}`);
    process.signal('SIGTERM');
    const cancel = grace.whenOver(this.#context.timing.minimumGraceMillis, process.kill);
    await process.ended;
    cancel();
  }

  async kill(): Promise<void> {
    const process = await this.#process?.catch(() => undefined);
    process?.kill();
  }

  async #prepare(image: LocalImage, stopping: AbortSignal): Promise<ContainerPrograms | undefined> {
    do {
      try {
        const unsupported = unsupportedPart(this.#place.container);
        if (unsupported !== undefined) throw new ContainerConfigError(unsupported);
        return buildPrograms(this.#context, image, this.#place);
      } catch (error) {
        if (!(error instanceof ContainerConfigError)) throw error;
        this.#keeper.wait('CreateContainerConfigError', error.message);
        this.#note('Warning', 'Failed', `Error: ${error.message}`);
      }
    } while (await pause(this.#context.timing.retryMillis, stopping));
    return undefined;
  }

  /** One run; answers the exit code, or nothing if it was not to be any more. */
  async #execute(image: LocalImage, stopping: AbortSignal): Promise<number | undefined> {
    const programs = await this.#prepare(image, stopping);
    if (!programs || stopping.aborted) return undefined;
    this.#keeper.beginRun(image.name);
    const run = {
      context: this.#context,
      container: this.#place.container,
      isInit: this.isInit,
      graceSeconds: this.#place.pod.spec.terminationGracePeriodSeconds,
      programs,
      keeper: this.#keeper,
      log: this.#nextLog(),
      note: this.#note.bind(this),
      onProcess: (process: Promise<ContainerProcess> | undefined) => {
        this.#process = process;
      },
      onStarted: () => {
        this.#started.resolve(undefined);
      },
    };
    return runOnce(run, stopping);
  }

  #mayRestart(exitCode: number): boolean {
    if (this.isSidecar) return true;
    const policy = this.#place.pod.spec.restartPolicy;
    if (exitCode === 0) return policy === 'Always' && !this.isInit;
    return policy !== 'Never';
  }

  /** The first restart comes soon; from the second on the wait is shown, and doubles. */
  async #backOff(ends: number, stopping: AbortSignal): Promise<boolean> {
    const { firstRestartMillis, crashBackOffMillis } = this.#context.timing;
    if (ends === 1) return pause(firstRestartMillis, stopping);
    const millis = doubled(crashBackOffMillis, ends - 2);
    const { pod, container } = this.#place;
    const { name, namespace = '', uid } = pod.metadata;
    const podId = `${name}_${namespace}(${uid})`;
    const message = `back-off ${millis / 1000}s restarting failed container=${container.name} pod=${podId}`;
    // Where the pod's own policy is never to restart, a kubelet shows the last end of a sidecar all the while.
    if (pod.spec.restartPolicy !== 'Never') this.#keeper.wait('CrashLoopBackOff', message);
    this.#note(
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${container.name} in pod ${podId}`,
    );
    return pause(millis, stopping);
  }

  // Only the log of the run before the last one can be asked for.
  #nextLog(): ContainerLog {
    const file = join(this.#place.podFolder, 'logs', this.#place.container.name, `${this.#runs}.log`);
    const log = new ContainerLog(file);
    this.#runs += 1;
    const [dropped] = this.#logs.splice(0, this.#logs.length - 1);
    dropped?.remove();
    this.#logs.push(log);
    return log;
  }

  #note(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { pod, container } = this.#place;
    this.#context.record(pod, { type, reason, message, container: container.name });
  }
}
