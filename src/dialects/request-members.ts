import { Type } from 'typebox';

/** Members of provision requests that several dialects share. */

/** An id that a connector gives its transfer. */
export const connectorId = Type.String({
  minLength: 1,
  maxLength: 256,
  pattern: '^[A-Za-z0-9][A-Za-z0-9._:~@=+-]*$',
  title: '1 to 256 of A-Z a-z 0-9 . _ : ~ @ = + -, the first one a letter or a digit',
});

export const assetId = Type.String({
  minLength: 1,
  maxLength: 1024,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  title: '1 to 1024 characters, no control characters',
});

export const callbackAddress = Type.String({
  minLength: 1,
  maxLength: 2048,
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^\\s?#]+$',
  title: 'an http:// or https:// URL without query and fragment, of at most 2048 characters',
});
