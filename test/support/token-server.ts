import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface TokenServer extends AsyncDisposable {
  url: string;
  /** The forms that it was sent. */
  forms: Record<string, string>[];
}

export interface TokenAnswer {
  status?: number;
  body: object | string;
}

/** An OAuth2 server's token endpoint; the index of a request starts with 0. */
export async function startTokenServer(answer: (index: number) => TokenAnswer): Promise<TokenServer> {
  const forms: Record<string, string>[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { status = 200, body: answered } = answer(forms.length);
      forms.push({
        type: request.headers['content-type'] ?? '',
        ...Object.fromEntries(new URLSearchParams(body)),
      });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof answered === 'string' ? answered : JSON.stringify(answered));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    forms,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Tokens that are numbered from 1 on. */
export function numberedTokens(seconds: number): (index: number) => TokenAnswer {
  return (index) => ({
    body: { access_token: `token-${index + 1}`, token_type: 'Bearer', expires_in: seconds },
  });
}
