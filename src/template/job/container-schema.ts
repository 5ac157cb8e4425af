import { Type } from 'typebox';
import { anyName, closed } from '../../schemas/kinds.ts';
import { absolutePath, list, name, objectName, quantity, text } from './schema-kinds.ts';

const optional = Type.Optional(Type.Boolean());
const variable = Type.String({
  title: 'the name of an environment variable',
  pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
});

const keyReference = closed({ name: text, key: text, optional });
const source = closed({
  configMapKeyRef: Type.Optional(keyReference),
  secretKeyRef: Type.Optional(keyReference),
  fieldRef: Type.Optional(closed({ apiVersion: Type.Optional(text), fieldPath: text })),
  resourceFieldRef: Type.Optional(
    closed({
      containerName: Type.Optional(text),
      resource: text,
      divisor: Type.Optional(quantity),
    }),
  ),
});
const environment = closed({
  name: variable,
  value: Type.Optional(Type.String()),
  valueFrom: Type.Optional(source),
});
const reference = closed({ name: text, optional });
const environmentSource = closed({
  prefix: Type.Optional(Type.String()),
  configMapRef: Type.Optional(reference),
  secretRef: Type.Optional(reference),
});

const quantities = Type.Record(anyName, quantity, {
  title: 'a map of resources to quantities',
  propertyNames: objectName,
});
const resources = closed({ requests: Type.Optional(quantities), limits: Type.Optional(quantities) });

/** Only members that agree with the security context of every container. */
const securityContext = closed({
  readOnlyRootFilesystem: Type.Optional(Type.Boolean()),
  runAsNonRoot: Type.Optional(Type.Literal(true, { title: 'true' })),
  allowPrivilegeEscalation: Type.Optional(Type.Literal(false, { title: 'false' })),
  privileged: Type.Optional(Type.Literal(false, { title: 'false' })),
  capabilities: Type.Optional(closed({ drop: list(Type.String()) })),
});

const mount = closed({
  name: text,
  mountPath: absolutePath,
  readOnly: Type.Optional(Type.Boolean()),
  subPath: Type.Optional(Type.String()),
});

const members = {
  name,
  image: Type.String({ title: 'the name of an image', pattern: '^\\S+$' }),
  imagePullPolicy: Type.Optional(
    Type.Enum(['Always', 'IfNotPresent', 'Never'], { title: 'one of Always, IfNotPresent, Never' }),
  ),
  command: list(Type.String()),
  args: list(Type.String()),
  workingDir: Type.Optional(absolutePath),
  env: list(environment),
  envFrom: list(environmentSource),
  resources: Type.Optional(resources),
  volumeMounts: list(mount),
  securityContext: Type.Optional(securityContext),
};

export const ContainerSchema = closed(members);
export const InitContainerSchema = closed({
  ...members,
  restartPolicy: Type.Optional(Type.Literal('Always', { title: 'Always' })),
});
