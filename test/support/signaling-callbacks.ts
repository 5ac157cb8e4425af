import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { serveOnLoopback } from './serve-on-loopback.ts';

export interface Callback {
  path: string;
  authorization: string | undefined;
  body: {
    messageId: string;
    dataFlowId: string;
    state: string;
    error?: string;
    dataAddress?: {
      endpointType: string;
      endpoint: string;
      endpointProperties?: { name: string; value: string }[];
    };
  };
}

/** Where a data plane calls its control plane back. */
export interface CallbackServer {
  url: string;
  callbacks: Callback[];
  /** The next callbacks get these statuses, or no answer; then 200. */
  answerNext(...answers: CallbackAnswer[]): void;
}

type CallbackAnswer = number | 'drop' | { status: number; body: string };

export async function startCallbackServer(t: TestContext): Promise<CallbackServer> {
  const callbacks: Callback[] = [];
  const answers: CallbackAnswer[] = [];
  const origin = await serveOnLoopback(t, (request, response) => {
    void text(request).then((body) => {
      const { authorization } = request.headers;
      callbacks.push({
        path: request.url ?? '',
        authorization,
        body: JSON.parse(body) as Callback['body'],
      });
      const answer = answers.shift() ?? 200;
      if (answer === 'drop') request.destroy();
      else if (typeof answer === 'number') response.writeHead(answer).end();
      else response.writeHead(answer.status).end(answer.body);
    });
  });
  return {
    url: origin,
    callbacks,
    answerNext: (...next) => answers.push(...next),
  };
}

/** The members of a `start` of v1.0-RC3, with what a test is about on top. */
export function startMessage(members: object = {}): { messageId: string; processId: string } {
  return {
    messageId: randomUUID(),
    participantId: 'provider',
    counterPartyId: 'consumer',
    dataspaceContext: 'dataspace-protocol-http:2025-1',
    processId: randomUUID(),
    agreementId: 'agreement',
    datasetId: 'echo',
    profile: 'HttpData-PULL',
    claims: {},
    ...members,
  } as { messageId: string; processId: string };
}
