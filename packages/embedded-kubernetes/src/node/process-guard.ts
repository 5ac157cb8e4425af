import { spawn } from 'node:child_process';

/** Knows every process group that runs, and kills them all should this process vanish without a word. */
export interface ProcessGuard {
  add(group: number): void;
  remove(group: number): void;
  stop(): Promise<void>;
}

// Ends when its input does: after `stop` with nothing left to kill, after a SIGKILL of this process with everything.
const script = `
trap '' INT TERM HUP
groups=' '
while read -r verb group; do
  case $verb in
    add) groups="$groups$group " ;;
    remove) case $groups in *" $group "*) groups="\${groups%%" $group "*} \${groups#*" $group "}" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

export function startProcessGuard(): ProcessGuard {
  const child = spawn('/bin/sh', ['-c', script], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    env: {},
  });
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  // A guard that died guards nothing, but nothing else depends on it.
  child.stdin.on('error', () => undefined);
  child.unref();
  return {
    add: (group) => child.stdin.write(`add ${group}\n`),
    remove: (group) => child.stdin.write(`remove ${group}\n`),
    stop() {
      child.ref();
      child.stdin.end();
      return gone;
    },
  };
}
