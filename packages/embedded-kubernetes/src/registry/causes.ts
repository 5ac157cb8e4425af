import type { Cause } from '../objects/status-error.ts';

/** Collects findings in the words of a real server. */
export class Causes {
  readonly list: Cause[] = [];

  invalid(field: string, value: unknown, detail: string): void {
    this.add('FieldValueInvalid', field, `Invalid value: ${JSON.stringify(value)}: ${detail}`);
  }

  required(field: string, detail?: string): void {
    this.add(
      'FieldValueRequired',
      field,
      detail === undefined ? 'Required value' : `Required value: ${detail}`,
    );
  }

  forbidden(field: string, detail: string): void {
    this.add('FieldValueForbidden', field, `Forbidden: ${detail}`);
  }

  /** What a real server would do and this one does not. */
  unsupported(field: string): void {
    this.forbidden(field, 'the embedded cluster does not support it');
  }

  duplicate(field: string, value: unknown): void {
    this.add('FieldValueDuplicate', field, `Duplicate value: ${JSON.stringify(value)}`);
  }

  notFound(field: string, value: unknown): void {
    this.add('FieldValueNotFound', field, `Not found: ${JSON.stringify(value)}`);
  }

  tooLong(field: string, maximum: number): void {
    this.add('FieldValueTooLong', field, `Too long: may not be more than ${maximum} bytes`);
  }

  oneOf(field: string, value: unknown, supported: string[]): void {
    if (typeof value === 'string' && supported.includes(value)) return;
    const names = supported.map((name) => JSON.stringify(name)).join(', ');
    this.add(
      'FieldValueNotSupported',
      field,
      `Unsupported value: ${JSON.stringify(value)}: supported values: ${names}`,
    );
  }

  private add(reason: string, field: string, message: string): void {
    this.list.push({ reason, message, field });
  }
}
