import { createHash, randomBytes } from 'node:crypto';

import type { Container, ContainerState, ContainerStatus, Termination } from './pod.ts';
import { isSidecar } from './pod.ts';

/** What the pod's status says about one container, kept through its restarts; every change is published at once. */
export interface StatusKeeper {
  readonly status: ContainerStatus;
  wait(reason: string, message?: string): void;
  /** A new run begins; it is not visible before `run`. */
  beginRun(image: string): void;
  run(startedAt: string): void;
  start(): void;
  terminate(end: Termination): void;
  /** It will not run again: a wait for the next run was in vain. */
  settle(): void;
}

export interface StatusKeeperOptions {
  container: Container;
  isInit: boolean;
  /** The reason of the wait before anything is tried. */
  firstWait: string;
  readonly publish: () => void;
}

export function createStatusKeeper(options: StatusKeeperOptions): StatusKeeper {
  const { container, isInit, publish } = options;
  const isPlainInit = isInit && !isSidecar(container);
  const status = firstStatus(options);
  let runs = 0;

  function move(state: ContainerState): void {
    const { terminated } = status.state;
    if (terminated) status.lastState = { terminated };
    status.state = state;
    publish();
  }
  function markStarted(): void {
    Object.assign(status, { started: !isPlainInit, ready: !isPlainInit });
  }

  return {
    status,
    wait(reason, message) {
      move({ waiting: { reason, ...(message === undefined ? {} : { message }) } });
    },
    beginRun(image) {
      runs += 1;
      Object.assign(status, identityOf(image));
    },
    run(startedAt) {
      status.restartCount = runs - 1;
      if (!container.startupProbe) markStarted();
      move({ running: { startedAt } });
    },
    start() {
      markStarted();
      publish();
    },
    terminate(end) {
      const { containerID } = status;
      status.restartCount = runs - 1;
      status.started = false;
      status.ready = isPlainInit && end.exitCode === 0;
      move({ terminated: { ...end, ...(containerID === undefined ? {} : { containerID }) } });
    },
    settle() {
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
