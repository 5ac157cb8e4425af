import { Type } from 'typebox';
import { dnsLabel, anyName, qualifiedName } from '../../schemas/kinds.ts';

export function list(item: Parameters<typeof Type.Array>[0]) {
  return Type.Optional(Type.Array(item));
}

export const name = Type.String(dnsLabel);
export const text = Type.String({ title: 'text that is not empty', minLength: 1 });
/** A placeholder passes: another check refuses it with its own reason. */
export const objectName = { ...qualifiedName, pattern: `${qualifiedName.pattern}|\\$\\{` };
export const textMap = Type.Record(anyName, Type.String({ title: 'text' }), {
  title: 'a map of names to text',
  propertyNames: objectName,
});
export const absolutePath = Type.String({ title: 'an absolute path', pattern: '^/' });

/** `500m`, `1.5`, `2Gi`. */
export const quantityPattern = '^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$';
export const quantity = Type.Unsafe<string | number>({
  title: 'a quantity such as 500m, 2 or 1Gi',
  type: ['string', 'number'],
  pattern: quantityPattern,
  minimum: 0,
});
/** Members such as affinities that Kubernetes alone checks: they grant a pod no rights. */
export const anyObject = Type.Record(anyName, Type.Unknown(), { title: 'a map' });
