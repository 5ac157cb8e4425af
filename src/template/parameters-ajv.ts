import { Ajv2020 } from 'ajv/dist/2020.js';
import { default as ajvFormats } from 'ajv-formats';
import { RE2JS } from 're2js';

/** In states of the compiled pattern: `^.{1,900}$` has twice as many as its count. */
const programLimit = 2000;

/**
 * The validator of a template's parameters. Patterns come from templates and values from requests, so patterns run in RE2, whose time is
 * bounded by pattern × text; JavaScript's engine takes exponential time for `^(a+)+$`. Compiling throws for patterns that RE2 does not
 * support (look-around, back references), that JSON Schema does not allow, or that are too large.
 */
export const parametersAjv = new Ajv2020({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  // A parameter may be named `constructor`.
  ownProperties: true,
  code: { regExp: Object.assign(compilePattern, { code: 'compilePattern' }) },
});
ajvFormats.default(parametersAjv);

function compilePattern(pattern: string): { test: (text: string) => boolean; toString: () => string } {
  // JavaScript's compiler refuses what is no pattern of JSON Schema; only its matching can take long.
  const { source } = new RegExp(pattern, 'u');
  const compiled = RE2JS.compile(RE2JS.translateRegExp(source));
  const size = compiled.programSize();
  if (size > programLimit) {
    throw new Error(
      `pattern ${pattern}: expected at most ${programLimit} states when compiled, received ${size}; use smaller counts`,
    );
  }
  // Ajv caches compiled patterns by this text.
  return { test: (text) => compiled.test(text), toString: () => pattern };
}
