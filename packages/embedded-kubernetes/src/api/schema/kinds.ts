import { createRequire } from 'node:module';

/** What a member may hold. Enough to refuse wrong types and to find unknown members. */
export type Schema =
  | { type: 'any' }
  | { type: 'scalar'; of: Scalar }
  | { type: 'object'; fields: Record<string, Schema> }
  | { type: 'map'; values: Schema }
  | { type: 'list'; items: Schema };

export type Scalar = 'string' | 'integer' | 'boolean' | 'intOrString' | 'quantity' | 'time' | 'microTime';

const string: Schema = { type: 'scalar', of: 'string' };
const integer: Schema = { type: 'scalar', of: 'integer' };
const boolean: Schema = { type: 'scalar', of: 'boolean' };
const intOrString: Schema = { type: 'scalar', of: 'intOrString' };
/** A string or a number; kept as a string. */
const quantity: Schema = { type: 'scalar', of: 'quantity' };
/** RFC 3339; kept in whole seconds. */
const time: Schema = { type: 'scalar', of: 'time' };
/** RFC 3339; kept with six digits behind the point. */
const microTime: Schema = { type: 'scalar', of: 'microTime' };
/** A known member whose inside this cluster does not look at. */
export const any: Schema = { type: 'any' };

function map(values: Schema): Schema {
  return { type: 'map', values };
}

function list(items: Schema): Schema {
  return { type: 'list', items };
}

interface Model {
  getAttributeTypeMap(): { baseName: string; type: string }[];
}

const require = createRequire(import.meta.url);
/** The name of a type that may have a model; `any` and `object` have none. */
const modelName = /^[A-Z]\w*$/;

const scalars: Record<string, Schema> = {
  string,
  boolean,
  number: integer,
  Date: time,
  V1MicroTime: microTime,
  IntOrString: intOrString,
};
/** For the library a quantity is a string. */
const quantities = new Set(
  'limits requests capacity allocatable hard used sizeLimit divisor overhead'.split(' '),
);
const known = new Map<string, Schema>();

/** The members of each kind this cluster serves, by plural name. */
export const kindSchemas: Record<string, Schema> = {
  configmaps: schemaOf('V1ConfigMap'),
  events: schemaOf('CoreV1Event'),
  jobs: schemaOf('V1Job'),
  leases: schemaOf('V1Lease'),
  namespaces: schemaOf('V1Namespace'),
  nodes: schemaOf('V1Node'),
  pods: schemaOf('V1Pod'),
  resourcequotas: schemaOf('V1ResourceQuota'),
  rolebindings: schemaOf('V1RoleBinding'),
  roles: schemaOf('V1Role'),
  secrets: schemaOf('V1Secret'),
  serviceaccounts: schemaOf('V1ServiceAccount'),
};

/** The members of a type as the client library has them from the API's own OpenAPI document. */
function schemaOf(type: string): Schema {
  const found = scalars[type] ?? known.get(type);
  if (found) return found;
  const element = /^Array<(.*)>$/.exec(type)?.[1];
  if (element !== undefined) return list(schemaOf(element));
  const value = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (value !== undefined) return map(schemaOf(value));
  if (!modelName.test(type)) return any;
  const fields: Record<string, Schema> = {};
  const schema: Schema = { type: 'object', fields };
  known.set(type, schema);
  for (const { baseName, type: member } of loadModel(type).getAttributeTypeMap())
    fields[baseName] = memberSchema(baseName, member);
  return schema;
}

/** Loads the one module of the model: the library has hundreds, which take half a second of CPU time together. */
function loadModel(type: string): Model {
  const found = require(`@kubernetes/client-node/dist/gen/models/${type}.js`) as Record<string, Model>;
  const model = found[type];
  if (model === undefined) throw new Error(`expected the model ${type} in the client library, found none`);
  return model;
}

function memberSchema(name: string, type: string): Schema {
  if (quantities.has(name))
    return type === 'string' ? quantity : type.startsWith('{') ? map(quantity) : schemaOf(type);
  return schemaOf(type);
}
