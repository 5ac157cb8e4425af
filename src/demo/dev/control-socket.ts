import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ServiceError } from '../../errors.ts';
import { untilAborted } from '../../until-aborted.ts';

/** A lock through which its holder can be asked to stop. Disposing of it closes the connections of the processes that asked. */
export interface ControlSocket extends AsyncDisposable {
  /** Aborted when another process asks the holder to stop. */
  stopRequested: AbortSignal;
}

const request = 'stop\n';

/** Takes the lock at `path`. Throws `conflict` while another process holds it; removes the socket of a killed one. */
export async function holdControlSocket(path: string): Promise<ControlSocket> {
  const controller = new AbortController();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      received = (received + text).slice(0, request.length);
      if (received === request) controller.abort(new Error('asked to stop'));
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await listenAlone(server, path);
  return {
    stopRequested: controller.signal,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A connection to the holder; undefined if no process holds the lock. */
async function reach(path: string): Promise<Socket | undefined> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    socket.destroy();
    return undefined;
  }
}

export async function isHeld(path: string): Promise<boolean> {
  const socket = await reach(path);
  socket?.destroy();
  return socket !== undefined;
}

/** Asks the holder to stop and waits until it has released the lock; false if there is none. Throws the signal's reason. */
export async function askToStop(path: string, signal: AbortSignal): Promise<boolean> {
  const socket = await reach(path);
  if (socket === undefined) return false;
  const closed = Promise.withResolvers<unknown>();
  try {
    // A killed holder resets the connection, and has released the lock as well.
    socket.on('error', () => undefined).on('close', closed.resolve);
    socket.resume().write(request);
    await untilAborted(closed.promise, signal);
    return true;
  } finally {
    socket.destroy();
  }
}

async function listenAlone(server: Server, path: string): Promise<void> {
  try {
    await listen(server, path);
  } catch (error) {
    if (!isInUse(error)) throw error;
    if (await isHeld(path)) throw new ServiceError('conflict', `${path} is held by another process`);
    await rm(path, { force: true });
    await listen(server, path);
  }
}

async function listen(server: Server, path: string): Promise<void> {
  server.listen(path);
  await once(server, 'listening');
}

function isInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
