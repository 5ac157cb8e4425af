import { join } from 'node:path';

import { keyOf } from '../objects/kube-object.ts';
import type { Pod } from '../objects/pod.ts';
import { aborted, longestTimer, pause } from '../objects/timers.ts';
import { timestamp } from '../objects/timestamp.ts';
import { ContainerRun } from './container-run.ts';
import type { NodeContext } from './context.ts';
import { type Grace, startGrace } from './grace.ts';
import { buildPodStatus, isInitialized, type PodProgress, verdictOf } from './pod-status.ts';
import { createPodVolumes, type PodVolumes } from './pod-volumes.ts';
import { removeFolder } from './remove-folder.ts';
import { exceededLimit, sizeLimits } from './volume-sizes.ts';

/** One pod on this node, from its first status to its last. Started once; `finished` resolves at its end. */
export class PodRun {
  readonly finished: Promise<void>;
  readonly #context: NodeContext;
  readonly #pod: Pod;
  readonly #folder: string;
  readonly #volumes: PodVolumes;
  readonly #progress: PodProgress;
  readonly #stopping = new AbortController();
  #grace: Grace | undefined;
  #isStopped = false;
  /** Set if it is the node that ends it. */
  #end: PodProgress['end'];
  #isSilent = false;

  constructor(context: NodeContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.#folder = join(context.directory, 'pods', pod.metadata.uid);
    this.#volumes = createPodVolumes(context.registry, pod, join(this.#folder, 'volumes'));
    const { initContainers = [], containers } = pod.spec;
    this.#progress = {
      inits: initContainers.map((container) => this.#container(container, true)),
      mains: containers.map((container) => this.#container(container, false)),
      startTime: timestamp(context.now()),
      isMounted: false,
    };
    this.finished = this.#live();
  }

  get pod(): Pod {
    return this.#pod;
  }

  container(name: string): ContainerRun | undefined {
    const { inits, mains } = this.#progress;
    return [...inits, ...mains].find((run) => run.status.name === name);
  }

  /** A kubelet that has begun to stop a pod does not hear of a shorter grace: the first one stands. */
  markDeleted(seconds: number): void {
    if (this.#grace === undefined) this.stop(seconds);
  }

  /** Ends the pod within `seconds`; asked again it can only become shorter. */
  stop(seconds: number): void {
    this.#isStopped = true;
    if (this.#grace) this.#grace.shorten(seconds);
    else this.#grace = startGrace(seconds);
    this.#stopping.abort();
  }

  /** Ends the pod without reporting its status, because its node goes away: SIGTERM first, SIGKILL after this time. */
  async abandon(millis: number): Promise<void> {
    this.#isSilent = true;
    this.stop(0);
    const timeout = setTimeout(() => void this.#killAll(), millis);
    await this.finished;
    clearTimeout(timeout);
  }

  /** Ends the pod as a power cut does. */
  async cut(): Promise<void> {
    this.#isSilent = true;
    await this.#killAll();
    await this.abandon(0);
  }

  /** A pod that has begun to end keeps what it has: its kubelet no longer looks. */
  refreshVolumes(changed: { resource: string; name: string }): void {
    if (!this.#stopping.signal.aborted) this.#volumes.refresh(changed);
  }

  removeFiles(): void {
    removeFolder(this.#folder);
  }

  #container(container: Pod['spec']['containers'][number], isInit: boolean): ContainerRun {
    return new ContainerRun({
      context: this.#context,
      place: { pod: this.#pod, container, volumes: this.#volumes, podFolder: this.#folder },
      isInit,
      publish: () => {
        this.#publish();
      },
    });
  }

  async #live(): Promise<void> {
    const deadline = this.#startDeadline();
    const sizes = this.#watchSizes();
    const runs: Promise<void>[] = [];
    // Events of the registry come in the middle of a change: nothing is written before they are through.
    await Promise.resolve();
    this.#publish();
    try {
      if (await this.#mount()) await this.#work(runs);
    } catch (error) {
      this.#noteTrouble(error);
    }
    await this.#terminate();
    for (const run of runs) await run.catch(() => undefined);
    clearTimeout(deadline);
    clearInterval(sizes);
    this.#complete();
  }

  /** Trouble of this machine, such as a full disk, ends the pod like a failure of its own. */
  #noteTrouble(error: unknown): void {
    const message = `error running pod: ${String(error)}`;
    this.#context.record(this.#pod, { type: 'Warning', reason: 'FailedSync', message });
  }

  async #mount(): Promise<boolean> {
    const { timing, record } = this.#context;
    while (!this.#stopping.signal.aborted) {
      const problem = this.#volumes.mount();
      if (problem === undefined) {
        this.#progress.isMounted = true;
        this.#publish();
        return true;
      }
      record(this.#pod, { type: 'Warning', reason: 'FailedMount', message: problem });
      await pause(timing.retryMillis, this.#stopping.signal);
    }
    return false;
  }

  /** Init containers one after the other, then the mains together; over when these have ended or the pod is to stop. */
  async #work(runs: Promise<void>[]): Promise<void> {
    const { signal } = this.#stopping;
    const { inits, mains } = this.#progress;
    const stopped = aborted(signal);
    for (const init of inits) {
      const run = init.run(signal);
      runs.push(run);
      await Promise.race([init.isSidecar ? init.hasStarted : run, stopped]);
      if (signal.aborted || !isInitialized([init])) return;
    }
    const working = mains.map((main) => main.run(signal));
    runs.push(...working);
    await Promise.race([Promise.all(working), stopped]);
  }

  /** Mains first, all at once; then the sidecars, last started first, with what is left of the time. */
  async #terminate(): Promise<void> {
    const grace = (this.#grace ??= startGrace(this.#pod.spec.terminationGracePeriodSeconds));
    this.#stopping.abort();
    const { inits, mains } = this.#progress;
    const others = [...mains, ...inits.filter((init) => !init.isSidecar)];
    await Promise.all(others.map((run) => run.terminate(grace)));
    for (const sidecar of inits.filter((init) => init.isSidecar).reverse()) await sidecar.terminate(grace);
  }

  #complete(): void {
    const { inits, mains } = this.#progress;
    const initialized = isInitialized(inits);
    for (const { status } of mains) {
      if (!initialized || status.state.terminated) continue;
      const message = 'The container could not be located when the pod was terminated';
      status.state = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown', message } };
    }
    this.#progress.end = this.#end ?? { phase: verdictOf(mains.map((run) => run.status)) };
    this.#publish();
    for (const part of ['volumes', 'containers']) removeFolder(join(this.#folder, part));
    if (!this.#isSilent) this.#letGo();
  }

  /** A pod that is marked for deletion may go now; finalizers can still keep the object, with its last status. */
  #letGo(): void {
    const { registry } = this.#context;
    const current = registry.get(keyOf('pods', this.#pod));
    if (current?.metadata.uid !== this.#pod.metadata.uid) return;
    if (current.metadata.deletionTimestamp === undefined) return;
    registry.delete(keyOf('pods', this.#pod), { gracePeriodSeconds: 0 });
  }

  #publish(): void {
    if (this.#isSilent) return;
    const time = timestamp(this.#context.now());
    this.#context.registry.modify(keyOf('pods', this.#pod), (draft) => {
      if (draft.metadata.uid !== this.#pod.metadata.uid) return;
      draft['status'] = buildPodStatus(draft as Pod, this.#progress, time);
    });
  }

  async #killAll(): Promise<void> {
    const { inits, mains } = this.#progress;
    await Promise.all([...inits, ...mains].map((run) => run.kill()));
  }

  /** A volume beyond its limit ends the pod without a warning to its processes. */
  #watchSizes(): NodeJS.Timeout | undefined {
    const limits = sizeLimits(this.#pod);
    if (limits.size === 0) return undefined;
    const look = async (): Promise<void> => {
      const message = await exceededLimit(limits, join(this.#folder, 'volumes'));
      if (message === undefined || this.#stopping.signal.aborted) return;
      this.#context.record(this.#pod, { type: 'Warning', reason: 'Evicted', message });
      this.#end = { phase: 'Failed', reason: 'Evicted', message };
      await this.#killAll();
      this.stop(0);
    };
    return setInterval(() => void look(), this.#context.timing.evictionMillis);
  }

  #startDeadline(): NodeJS.Timeout | undefined {
    const { activeDeadlineSeconds, terminationGracePeriodSeconds } = this.#pod.spec;
    if (activeDeadlineSeconds === undefined) return undefined;
    const expire = (): void => {
      if (this.#isStopped) return;
      const message = 'Pod was active on the node longer than the specified deadline';
      this.#end = { phase: 'Failed', reason: 'DeadlineExceeded', message };
      this.stop(terminationGracePeriodSeconds);
    };
    return setTimeout(expire, Math.min(activeDeadlineSeconds * 1000, longestTimer));
  }
}
