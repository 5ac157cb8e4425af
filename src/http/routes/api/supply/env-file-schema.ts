import { Type, type Static } from 'typebox';
import { described, plainText } from '../../../../schemas/kinds.ts';

export const assetIdKind = plainText(1024);
export const consumerKind = plainText(512);

export const EnvFileSchema = described('The env file of an asset, or of one consumer of it.', {
  connector: Type.String(),
  assetId: Type.String(),
  consumer: Type.Optional(Type.String({ description: 'Absent: the file is for all consumers.' })),
  version: Type.Integer({ minimum: 1 }),
  digest: Type.String({ description: 'SHA-256 of the file; of a secret one with a random salt.' }),
  secret: Type.Boolean(),
  template: Type.String({ description: 'The template that it was checked against.' }),
  names: Type.Array(Type.String(), { description: 'Its variables.' }),
  size: Type.Integer({ minimum: 0, description: 'Bytes.' }),
  createdAt: Type.String({ format: 'date-time' }),
  createdBy: Type.String({ description: 'The name of a key.' }),
  content: Type.Optional(Type.String({ description: 'The file, unless it is secret.' })),
  versions: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1 }), { description: 'Those that can be read with `version`.' }),
  ),
});

export type EnvFileDescription = Static<typeof EnvFileSchema>;
