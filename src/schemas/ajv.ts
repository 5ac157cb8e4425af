import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as ajvFormats } from 'ajv-formats';

/** The one validator: JSON Schema 2020-12, every problem of a value at once. Values are never changed by it. */
export const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, discriminator: true });
ajvFormats.default(ajv);
