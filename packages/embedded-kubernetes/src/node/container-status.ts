import { createHash, randomBytes } from 'node:crypto';

import {
  type Container,
  type ContainerState,
  type ContainerStatus,
  isSidecar,
  type Termination,
} from '../objects/pod.ts';

export type StatusKeeper = ReturnType<typeof createStatusKeeper>;

export interface StatusKeeperOptions {
  container: Container;
  isInit: boolean;
  /** The reason of the wait before anything is tried. */
  firstWait: string;
  readonly publish: () => void;
}

/** What the pod's status says about one container, kept through its restarts; every change is published at once. */
export function createStatusKeeper(options: StatusKeeperOptions) {
  const { container, isInit, publish } = options;
  const isPlainInit = isInit && !isSidecar(container);
  const status = firstStatus(options);
  const started = { started: !isPlainInit, ready: !isPlainInit };
  let runs = 0;

  function move(state: ContainerState): void {
    const { terminated } = status.state;
    if (terminated) status.lastState = { terminated };
    status.state = state;
    publish();
  }

  return {
    status,
    wait(reason: string, message?: string): void {
      move({ waiting: { reason, ...(message === undefined ? {} : { message }) } });
    },
    /** A new run; it is not visible before `run`. */
    beginRun(image: string): void {
      runs += 1;
      Object.assign(status, identityOf(image));
    },
    run(startedAt: string): void {
      status.restartCount = runs - 1;
      if (!container.startupProbe) Object.assign(status, started);
      move({ running: { startedAt } });
    },
    start(): void {
      Object.assign(status, started);
      publish();
    },
    terminate(end: Termination): void {
      const { containerID } = status;
      status.restartCount = runs - 1;
      status.started = false;
      status.ready = isPlainInit && end.exitCode === 0;
      move({ terminated: { ...end, ...(containerID === undefined ? {} : { containerID }) } });
    },
    /** It will not run again: the last end is shown in place of a wait for the next run. */
    settle(): void {
      const { terminated } = status.lastState;
      if (!status.state.waiting || !terminated) return;
      status.state = { terminated };
      status.lastState = {};
      publish();
    },
  };
}

function identityOf(image: string): Pick<ContainerStatus, 'image' | 'imageID' | 'containerID'> {
  const digest = createHash('sha256').update(image).digest('hex');
  return {
    image,
    imageID: `${image}@sha256:${digest}`,
    containerID: `process://${randomBytes(32).toString('hex')}`,
  };
}

function firstStatus({ container, firstWait }: StatusKeeperOptions): ContainerStatus {
  return {
    name: container.name,
    state: { waiting: { reason: firstWait } },
    lastState: {},
    ready: false,
    started: false,
    restartCount: 0,
    image: container.image,
    imageID: '',
  };
}
