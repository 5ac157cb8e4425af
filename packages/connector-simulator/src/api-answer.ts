/** The request that an endpoint gets. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
}

export const noContent: ApiAnswer = { status: 204 };

/** The connector's own error document: an array of problems. */
export function problem(status: number, type: string, message: string): ApiAnswer {
  return json(status, [{ message, type, path: null, invalidValue: null }]);
}

export function notFound(id: string): ApiAnswer {
  return problem(404, 'ObjectNotFound', `Object of type TransferProcess with ID=${id} was not found`);
}

export function conflict(command: string, id: string, state: string): ApiAnswer {
  const message = `Could not execute ${command} on TransferProcess with ID ${id} because it's ${state}`;
  return problem(409, 'ObjectConflict', message);
}

export function json(status: number, value: unknown): ApiAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(value) };
}

/** Jackson's text for a message that cannot be deserialized. */
export function unreadable(message: string): ApiAnswer {
  const body = `${message}\n at [Source: REDACTED; line: 1, column: 1]`;
  return { status: 400, contentType: 'text/plain', body };
}

export function html(status: number, title: string): ApiAnswer {
  const body = `<html><head><title>Error ${status}</title></head><body><h2>HTTP ERROR ${status} ${title}</h2></body></html>`;
  return { status, contentType: 'text/html;charset=iso-8859-1', body };
}

/** A JSON object, or undefined for anything else. */
export function parseObject(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
