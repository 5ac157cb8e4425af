import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Container, Pod } from '../objects/pod.ts';
import { buildEnvironment, expandVariables } from './build-environment.ts';
import type { Program } from './container-process.ts';
import type { NodeContext } from './context.ts';
import { findProgram, StartError } from './find-program.ts';
import type { LocalImage } from './images.ts';
import type { PodVolumes } from './pod-volumes.ts';
import { createPathRewriter } from './rewrite-paths.ts';

export interface ContainerPlace {
  pod: Pod;
  container: Container;
  volumes: PodVolumes;
  /** Everything of this pod on this machine. */
  podFolder: string;
}

export interface ContainerPrograms {
  /** The main one. Throws `StartError` if it cannot be. */
  main(): Program;
  /** Another in the same surroundings, for a probe. */
  other(command: string[]): Program;
  /** Where the container leaves its termination message. */
  terminationMessageFile: string;
}

/**
 * Translates a container to processes of this machine: variables expanded, mount paths rewritten, and an environment
 * that holds nothing but the pod's variables, PATH, HOSTNAME, HOME and TMPDIR in the pod's folder, and where compiled code is kept.
 * Throws `ContainerConfigError` if something it refers to is missing.
 */
export function buildPrograms(
  context: NodeContext,
  image: LocalImage,
  place: ContainerPlace,
): ContainerPrograms {
  const { pod, container, volumes, podFolder } = place;
  const own = join(podFolder, 'containers', container.name);
  const inMounts = createPathRewriter(volumes.mappings(container));
  const messageFile = terminationMessageFile(container, inMounts, own);
  const rewrite = createPathRewriter([
    ...volumes.mappings(container),
    { inside: container.terminationMessagePath, outside: messageFile },
  ]);
  const variables = variablesOf(context, place);
  const folder = context.programsOf(image);
  const environment = {
    HOSTNAME: pod.metadata.name,
    HOME: madeFolder(join(own, 'home')),
    TMPDIR: madeFolder(join(own, 'tmp')),
    ...(image.programs.includes('node') ? compileCache() : {}),
    ...Object.fromEntries([...variables].map(([name, value]) => [name, rewrite(value)])),
    PATH: [...(variables.has('PATH') ? [rewrite(variables.get('PATH') ?? '')] : []), folder].join(':'),
  };
  const workingDirectory = workingFolder(container.workingDir ?? '/', inMounts, join(own, 'root'));

  function program(argv: string[]): Program {
    const [name, ...args] = argv.map((text) => rewrite(expandVariables(text, variables)));
    if (name === undefined) throw new StartError('no command specified');
    const file = findProgram(name, { image, folder, podFolder });
    return { file, args, environment, workingDirectory };
  }
  return {
    main: () => program(argvOf(image, container)),
    other: program,
    terminationMessageFile: messageFile,
  };
}

/** An image of a Node program may hold its compiled code; here it is the compile cache of this process, if it has one. */
function compileCache(): Record<string, string> {
  const { NODE_COMPILE_CACHE: folder } = process.env;
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}

/** What the image says is not expanded or rewritten by Kubernetes either, but it holds nothing that could be. */
function argvOf(image: LocalImage, { command, args = [] }: Container): string[] {
  return [...(command && command.length > 0 ? command : image.entrypoint), ...args];
}

function variablesOf(context: NodeContext, { pod, container }: ContainerPlace): Map<string, string> {
  return buildEnvironment({
    registry: context.registry,
    pod,
    container,
    capacity: context.node.capacity,
    onSkipped(keys, source) {
      const message = `Keys [${keys.join(', ')}] from the EnvFrom ${source} were skipped since they are considered invalid environment variable names.`;
      context.record(pod, { type: 'Warning', reason: 'InvalidEnvironmentVariableNames', message });
    },
  });
}

function terminationMessageFile(
  { terminationMessagePath }: Container,
  inMounts: (text: string) => string,
  own: string,
): string {
  const mapped = inMounts(terminationMessagePath);
  return mapped === terminationMessagePath ? join(madeFolder(own), 'termination-log') : mapped;
}

/** A folder outside of all mounts is one of the container's own. */
function workingFolder(path: string, inMounts: (text: string) => string, root: string): string {
  const mapped = inMounts(path);
  return madeFolder(mapped === path ? join(root, path) : mapped);
}

function madeFolder(path: string): string {
  mkdirSync(path, { recursive: true });
  return path;
}
