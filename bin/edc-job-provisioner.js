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
  const { main } = await import('../src/main.ts');
  await main(process.argv.slice(2));
}
