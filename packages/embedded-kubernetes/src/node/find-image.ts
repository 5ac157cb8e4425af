import type { Container, Pod } from '../objects/pod.ts';
import { doubled, pause } from '../objects/timers.ts';
import type { NodeContext } from './context.ts';
import { fullImageName, type LocalImage } from './images.ts';

export interface ImageWish {
  pod: Pod;
  container: Container;
  /** Shows why the container waits. */
  wait(reason: string, message: string): void;
}

/**
 * Looks the image up, again and again like a real pull, until it is there or the signal aborts (undefined). The
 * container's status alternates between ErrImagePull and ImagePullBackOff meanwhile.
 */
export async function findImage(
  context: NodeContext,
  wish: ImageWish,
  signal: AbortSignal,
): Promise<LocalImage | undefined> {
  const base = context.timing.pullBackOffMillis;
  const note = noteOn(context, wish);
  for (let round = 0; !signal.aborted; round += 1) {
    const name = currentImage(context, wish);
    const image = context.images.find(name);
    if (image) {
      note('Normal', 'Pulled', `Container image "${name}" already present on machine`);
      return image;
    }
    const problem = problemOf(context, name, wish.container);
    announce(note, { name, ...problem });
    wish.wait(problem.reason, problem.message);
    if (problem.reason === 'ErrImagePull') {
      if (!(await pause(base, signal))) return undefined;
      const message = `Back-off pulling image "${name}": ErrImagePull: ${problem.message}`;
      note('Normal', 'BackOff', `Back-off pulling image "${name}"`);
      note('Warning', 'Failed', 'Error: ImagePullBackOff');
      wish.wait('ImagePullBackOff', message);
    }
    await pause(doubled(base, round), signal);
  }
  return undefined;
}

// The image is the one part of a running pod that may be changed.
function currentImage({ registry }: NodeContext, { pod, container }: ImageWish): string {
  const { namespace = '', name } = pod.metadata;
  const now = registry.get({ resource: 'pods', namespace, name }) as Pod | undefined;
  const all = [...(now?.spec.containers ?? []), ...(now?.spec.initContainers ?? [])];
  return all.find((each) => each.name === container.name)?.image ?? container.image;
}

function problemOf({ images }: NodeContext, name: string, container: Container) {
  if (fullImageName(name) === undefined) {
    const why = /[A-Z]/.test(name) ? ': repository name must be lowercase' : '';
    const message = `Failed to apply default image tag "${name}": couldn't parse image name "${name}": invalid reference format${why}`;
    return { reason: 'InvalidImageName', message };
  }
  if (container.imagePullPolicy === 'Never') {
    const message = `Container image "${name}" is not present with pull policy of Never`;
    return { reason: 'ErrImageNeverPull', message };
  }
  const message = `failed to pull and unpack image "${fullImageName(name) ?? name}": the embedded cluster pulls nothing, it runs programs of this machine: add the line \`${name}: { entrypoint: [program] }\` below \`images:\` in ${images.file}`;
  return { reason: 'ErrImagePull', message };
}

function announce(note: Note, problem: { name: string; reason: string; message: string }): void {
  const { name, reason, message } = problem;
  if (reason === 'ErrImagePull') {
    note('Normal', 'Pulling', `Pulling image "${name}"`);
    note('Warning', 'Failed', `Failed to pull image "${name}": ${message}`);
  } else note('Warning', reason === 'InvalidImageName' ? 'InspectFailed' : reason, message);
  note('Warning', 'Failed', `Error: ${reason}`);
}

type Note = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

function noteOn({ record }: NodeContext, { pod, container }: ImageWish): Note {
  return (type, reason, message) => {
    record(pod, { type, reason, message, container: container.name });
  };
}
