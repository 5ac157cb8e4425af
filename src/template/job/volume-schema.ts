import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { anyObject, list, name, quantity, text, textMap } from './schema-kinds.ts';

const optional = Type.Optional(Type.Boolean());
const mode = Type.Optional(Type.Integer({ title: 'a file mode from 0 to 0777', minimum: 0, maximum: 0o777 }));
const items = list(closed({ key: text, path: text, mode }));

const claim = closed({
  metadata: Type.Optional(closed({ labels: Type.Optional(textMap), annotations: Type.Optional(textMap) })),
  spec: closed({
    accessModes: Type.Array(Type.String()),
    storageClassName: Type.Optional(text),
    volumeMode: Type.Optional(Type.Literal('Filesystem', { title: 'Filesystem' })),
    resources: closed({ requests: closed({ storage: quantity }) }),
    selector: Type.Optional(anyObject),
  }),
});

/** The kinds of volume that a template may use; Secrets and claims must be allowed by name as well. */
export const VolumeSchema = closed({
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
