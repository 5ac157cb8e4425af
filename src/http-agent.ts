import { Agent } from 'undici';

/**
 * The connections of a client. HTTP/1.1 alone: with HTTP/2, Node was seen to write empty DATA frames without end, which blocked the process
 * and took all memory (decision 0023). An aborted request closes its connection, so that the next one does not wait on a dead one.
 */
export function createAgent(options: Omit<Agent.Options, 'allowH2'>): Agent {
  return new Agent({ ...options, allowH2: false });
}
