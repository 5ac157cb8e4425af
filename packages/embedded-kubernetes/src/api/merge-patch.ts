import { isRecord } from '../objects/copy.ts';
import { badRequest, StatusError } from '../objects/status-error.ts';

/** RFC 7386: members of the patch replace, null removes, lists are replaced whole. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) throw badRequest('error decoding patch: a patch of an object is an object');
  return merged(target, patch);
}

function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result = new Map<string, unknown>(isRecord(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, merged(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/**
 * The part of a strategic merge patch that means the same as a merge patch: plain members, and lists of plain values. Lists that
 * Kubernetes merges element by element, and directives (`$patch`), are refused rather than misread.
 */
export function applyStrategicMergePatch(target: unknown, patch: unknown): unknown {
  const part = unsupportedPart(patch, '');
  if (part === undefined) return applyMergePatch(target, patch);
  throw new StatusError({
    code: 422,
    reason: 'Invalid',
    message: `${part} of a strategic merge patch is not supported by this cluster: it merges no lists and knows no directives; use --type merge with the whole list, or replace the object`,
  });
}

/** The path of the first list that would be merged, or of the first directive. */
function unsupportedPart(value: unknown, path: string): string | undefined {
  if (Array.isArray(value)) return value.some(isRecord) || path === 'metadata.finalizers' ? path : undefined;
  if (!isRecord(value)) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    const found = key.startsWith('$') ? at : unsupportedPart(member, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
