import { Type } from 'typebox';
import { ContainerSchema, InitContainerSchema } from './container-schema.ts';
import { closed } from '../../schemas/kinds.ts';
import { anyObject, list, name, text, textMap, quantity } from './schema-kinds.ts';

/** Labels and annotations. */
const metadata = { labels: Type.Optional(textMap), annotations: Type.Optional(textMap) };

const optional = Type.Optional(Type.Boolean());
const mode = Type.Optional(Type.Integer({ title: 'a file mode from 0 to 0777', minimum: 0, maximum: 0o777 }));
const items = list(closed({ key: text, path: text, mode }));

const claim = closed({
  metadata: Type.Optional(closed(metadata)),
  spec: closed({
    accessModes: Type.Array(Type.String()),
    storageClassName: Type.Optional(text),
    volumeMode: Type.Optional(Type.Literal('Filesystem', { title: 'Filesystem' })),
    resources: closed({ requests: closed({ storage: quantity }) }),
    selector: Type.Optional(anyObject),
  }),
});

/** The kinds of volume that a template may use. Names of Secrets and claims must also be allowed. */
const VolumeSchema = closed({
  name,
  emptyDir: Type.Optional(
    closed({
      medium: Type.Optional(Type.Enum(['', 'Memory'], { title: 'Memory, or nothing' })),
      sizeLimit: Type.Optional(quantity),
    }),
  ),
  configMap: Type.Optional(closed({ name: text, items, defaultMode: mode, optional })),
  secret: Type.Optional(closed({ secretName: text, items, defaultMode: mode, optional })),
  persistentVolumeClaim: Type.Optional(closed({ claimName: text, readOnly: Type.Optional(Type.Boolean()) })),
  ephemeral: Type.Optional(closed({ volumeClaimTemplate: claim })),
});

const one = Type.Optional(Type.Literal(1, { title: '1 (a flow is one pod at a time)' }));
const no = Type.Optional(Type.Literal(false, { title: 'false' }));

const podSecurityContext = closed({
  runAsNonRoot: Type.Optional(Type.Literal(true, { title: 'true' })),
  fsGroupChangePolicy: Type.Optional(text),
});

const podSpec = closed({
  restartPolicy: Type.Literal('Never', {
    title: 'Never (a restarted worker would write over its own results)',
  }),
  containers: Type.Array(ContainerSchema, {
    title: 'one container, named worker (the upload begins when all containers have ended)',
    minItems: 1,
    maxItems: 1,
  }),
  initContainers: list(InitContainerSchema),
  volumes: list(VolumeSchema),
  securityContext: Type.Optional(podSecurityContext),
  nodeSelector: Type.Optional(textMap),
  tolerations: list(anyObject),
  affinity: Type.Optional(anyObject),
  topologySpreadConstraints: list(anyObject),
  priorityClassName: Type.Optional(text),
  runtimeClassName: Type.Optional(text),
  dnsPolicy: Type.Optional(text),
  dnsConfig: Type.Optional(anyObject),
  hostAliases: list(anyObject),
  hostNetwork: no,
  hostPID: no,
  hostIPC: no,
  automountServiceAccountToken: no,
  enableServiceLinks: no,
});

/** The part of a batch/v1 Job that a template may set. */
export const JobSchema = closed({
  apiVersion: Type.Literal('batch/v1', { title: 'batch/v1' }),
  kind: Type.Literal('Job', { title: 'Job' }),
  metadata: closed({ name, ...metadata }),
  spec: closed({
    parallelism: one,
    completions: one,
    template: closed({ metadata: Type.Optional(closed(metadata)), spec: podSpec }),
  }),
});
