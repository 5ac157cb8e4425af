#!/usr/bin/env node
// Plain JavaScript that any Node can parse, so that an old one gets a sentence instead of a syntax error.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `edc-job-provisioner needs Node 24 or newer; this is ${process.version} (${process.execPath}). ` +
      'Run it through npm (npm start, npm run demo, npm run dev), which brings the right one, or install Node 24.',
  );
  process.exitCode = 1;
} else {
  await keepCompiledCode();
  const { main } = await import(await findMain());
  await main(process.argv.slice(2));
}

/** A package of npm has compiled sources alone, since Node strips no types below node_modules; in a checkout they may be old. */
async function findMain() {
  const { existsSync } = await import('node:fs');
  const { join } = await import('node:path');
  const isCheckout = existsSync(join(import.meta.dirname, '..', 'src', 'main.ts'));
  return isCheckout ? '../src/main.ts' : '../dist/main.js';
}

/**
 * A third of the CPU time of a start compiles and strips types, unless compiled code is kept; where the folder cannot be
 * written, nothing is. `NODE_COMPILE_CACHE` names another folder. Coverage would lose precision.
 */
async function keepCompiledCode() {
  if (process.env.NODE_V8_COVERAGE !== undefined) return;
  const { enableCompileCache } = await import('node:module');
  const { join } = await import('node:path');
  enableCompileCache(
    join(import.meta.dirname, '..', 'node_modules', '.cache', 'edc-job-provisioner', 'compile-cache'),
  );
}
