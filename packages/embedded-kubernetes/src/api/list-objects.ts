import type { KubeObject } from '../objects/kube-object.ts';
import { badRequest, StatusError } from '../objects/status-error.ts';
import { apiVersionOf } from '../registry/resources.ts';
import type { Answer, ApiContext, ApiRequest } from './context.ts';
import type { ListPage } from './list-snapshots.ts';
import { booleanOption, integerOption, optionInvalid, selectorOption } from './query.ts';
import { tableOf, wantsTable } from './table.ts';

/** GET of a collection: selected, in pages that show one moment. */
export function listObjects(request: ApiRequest, context: ApiContext): Answer {
  refuseUnsupported(request, context);
  const page = pageOf(request, context);
  const metadata = {
    resourceVersion: page.resourceVersion,
    ...(page.continueToken === undefined ? {} : { continue: page.continueToken }),
    ...(page.continueToken !== undefined && !isSelective(request)
      ? { remainingItemCount: page.remaining }
      : {}),
  };
  const { definition } = request;
  const table = wantsTable(request);
  const body = table
    ? tableOf(request, { objects: page.items, metadata, now: context.now() })
    : {
        kind: `${definition.kind}List`,
        apiVersion: apiVersionOf(definition),
        metadata,
        items: page.items.map(withoutType),
      };
  return { kind: 'json', code: 200, body };
}

function pageOf(request: ApiRequest, context: ApiContext): ListPage {
  const limit = integerOption(request.query, 'limit') ?? 0;
  const { plural } = request.definition;
  const scope = `${request.namespace ?? ''}/${plural}`;
  const token = request.query.get('continue');
  if (token) {
    if (request.query.get('resourceVersion')) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    return context.snapshots.next({ token, scope }, limit);
  }
  const matches = selectorOption(request);
  const items = context.registry.view(plural, request.namespace).filter(matches);
  const { resourceVersion } = context.registry;
  return context.snapshots.first({ scope, items, resourceVersion }, limit);
}

function isSelective(request: ApiRequest): boolean {
  return Boolean(request.query.get('labelSelector')) || Boolean(request.query.get('fieldSelector'));
}

function refuseUnsupported({ query }: ApiRequest, { registry }: ApiContext): void {
  if (booleanOption(query, 'sendInitialEvents')) {
    throw optionInvalid('sendInitialEvents', 'Forbidden: sendInitialEvents is forbidden for list');
  }
  if (!['', 'NotOlderThan'].includes(query.get('resourceVersionMatch') ?? '')) {
    throw optionInvalid('resourceVersionMatch', 'Unsupported value: supported values: "NotOlderThan"');
  }
  const wanted = integerOption(query, 'resourceVersion') ?? 0;
  const current = Number(registry.resourceVersion);
  if (wanted <= current) return;
  throw new StatusError({
    code: 504,
    reason: 'Timeout',
    message: `Too large resource version: ${wanted}, current: ${current}`,
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version', field: '' }],
      retryAfterSeconds: 1,
    },
  });
}

/** In a list of a real server the elements do not repeat the type. */
function withoutType(object: KubeObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== 'apiVersion' && key !== 'kind'));
}
