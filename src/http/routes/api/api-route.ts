import type { ApiScope } from '../../../config/settings/api.ts';
import type { Operation, OperationResponse, Route } from '../../route.ts';

/** Paths of the API for people. The root paths of the service never move with it. */
export const apiPrefix = '/api/v1';

export interface ApiOperation {
  operationId: string;
  tag: Operation['tag'];
  summary: string;
  description?: string;
  parameters?: Operation['parameters'];
  query?: NonNullable<Operation['query']>;
  headers?: NonNullable<Operation['headers']>;
  responses: Record<string, OperationResponse>;
}

interface ApiRoute extends Pick<Route, 'method' | 'path' | 'body' | 'handle'> {
  operation: ApiOperation;
  /** What a caller's key must allow. */
  scope: ApiScope;
  /** Default: `bounded`. */
  deadline?: Route['deadline'];
}

/** A route of the API for people; its path is below `apiPrefix`. */
export function apiRoute({ path, operation, scope, ...route }: ApiRoute): Route {
  const { parameters = {}, ...rest } = operation;
  return {
    access: { scope },
    deadline: 'bounded',
    ...route,
    path: `${apiPrefix}${path}`,
    operation: { ...rest, parameters },
  };
}
