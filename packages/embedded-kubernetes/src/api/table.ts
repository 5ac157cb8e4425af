import type { KubeObject } from '../objects/kube-object.ts';
import type { ApiRequest } from './context.ts';
import { columnsFor } from './table-columns.ts';

/** `Accept: application/json;as=Table;v=v1;g=meta.k8s.io`, as `kubectl get` sends it. */
export function wantsTable(request: ApiRequest): boolean {
  return request.accept.split(',').some((range) => {
    const parameters = range.split(';').map((part) => part.trim());
    return parameters.includes('as=Table') && parameters.includes('v=v1');
  });
}

interface TableContent {
  objects: readonly KubeObject[];
  metadata: Record<string, unknown>;
  now: Date;
}

/** The rows `kubectl get` prints. */
export function tableOf(
  request: ApiRequest,
  { objects, metadata, now }: TableContent,
): Record<string, unknown> {
  const columns = columnsFor(request.definition.plural);
  const include = request.query.get('includeObject') ?? 'Metadata';
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: columns.map(({ name, wide, type = 'string' }) => ({
      name,
      type,
      format: name === 'Name' ? 'name' : '',
      description: '',
      priority: wide === true ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.value(object, now)),
      ...(include === 'None' ? {} : { object: include === 'Object' ? object : partial(object) }),
    })),
  };
}

function partial(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}
