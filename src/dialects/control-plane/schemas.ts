import { Type, type Static } from 'typebox';

const id = {
  minLength: 1,
  maxLength: 256,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._:~@=+-]*$',
  title: '1 to 256 of A-Z a-z 0-9 . _ : ~ @ = + -, the first one a letter or a digit',
};

/**
 * A request to provision or to deprovision, as connectors of all versions send it. `type` came with EDC 0.11; unknown members
 * are ignored, and the policy is read leniently elsewhere: its shape differs between versions and nothing depends on it.
 */
export const ProvisionRequestBody = Type.Object(
  {
    type: Type.Optional(
      Type.Union([Type.Enum(['provision', 'deprovision']), Type.Null()], {
        title: 'provision or deprovision, or no such member (EDC before 0.11)',
      }),
    ),
    transferProcessId: Type.String(id),
    resourceDefinitionId: Type.String(id),
    assetId: Type.String({
      minLength: 1,
      maxLength: 1024,
      pattern: '^[^\\u0000-\\u001f\\u007f]+$',
      title: '1 to 1024 characters, no control characters',
    }),
    callbackAddress: Type.String({
      minLength: 1,
      maxLength: 2048,
      pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s?#]+$',
      title: 'an http:// or https:// URL without query and fragment, of at most 2048 characters',
    }),
    policy: Type.Optional(Type.Unknown({ title: 'the agreement’s policy' })),
  },
  {
    title: 'a JSON object',
    description: 'Sent by a connector’s HTTP provisioner. Unknown members are ignored.',
  },
);

export type ProvisionRequestBody = Static<typeof ProvisionRequestBody>;
