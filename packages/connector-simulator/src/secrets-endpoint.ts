import { json, noContent, parseObject, problem, type ApiAnswer, type ApiRequest } from './api-answer.ts';
import { namespace } from './data-address.ts';

/** The secrets of a connector by their ids. */
export type Vault = Map<string, string>;

/** `POST` and `PUT …/secrets`, `GET` and `DELETE …/secrets/{id}` of EDC's module `secrets-api`. */
export function answerSecrets(vault: Vault, id: string | undefined, request: ApiRequest): ApiAnswer {
  const { method } = request;
  if (id === undefined)
    return method === 'POST' || method === 'PUT' ? write(vault, request) : { status: 405 };
  const value = vault.get(id);
  if (method !== 'GET' && method !== 'DELETE') return { status: 405 };
  if (value === undefined) return notFound(id);
  if (method === 'GET')
    return json(200, { '@type': 'Secret', '@id': id, value, '@context': { '@vocab': namespace } });
  vault.delete(id);
  return noContent;
}

function write(vault: Vault, { method, body }: ApiRequest): ApiAnswer {
  const { '@id': id, value } = parseObject(body) ?? {};
  if (typeof id !== 'string' || typeof value !== 'string')
    return problem(400, 'ValidationFailure', `mandatory value '${namespace}value' is missing`);
  if (method === 'POST' && vault.has(id)) return problem(409, 'ObjectConflict', `Secret ${id} already exist`);
  if (method === 'PUT' && !vault.has(id)) return notFound(id);
  vault.set(id, value);
  return method === 'PUT' ? noContent : json(200, { '@type': 'IdResponse', '@id': id });
}

function notFound(id: string): ApiAnswer {
  return problem(404, 'ObjectNotFound', `Object of type Secret with ID=${id} was not found`);
}
