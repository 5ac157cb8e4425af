import { dirname, relative, resolve } from 'node:path';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// Budgets, layers and the single reader of the environment: the rules of CONTRIBUTING.md that a machine can check.
const budgets = {
  'max-lines': ['error', { max: 250 }],
  'max-lines-per-function': ['error', { max: 50 }],
  complexity: ['error', 10],
  'max-params': ['error', 3],
};

/** Files below `folder` may not import from `banned` folders of src/, nor the packages named. */
const layer = (folder, banned, packages = []) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: { 'no-restricted-imports': ['error', restriction(banned, packages)] },
});
const restriction = (banned, packages) => ({
  paths: packages.map((name) => ({ name, message: 'Its one importer is named in CONTRIBUTING.md.' })),
  patterns: [
    ...banned.map((name) => ({
      regex: `^(\\.\\./)+${name}/(?!types\\.ts$)`,
      message: `This folder stands below or beside ${name}/.`,
    })),
    ...packages.map((name) => ({ regex: `^${name}/` })),
  ],
});
const kubernetes = '@kubernetes/client-node';
const edge = ['http', 'reconciler', 'demo', 'sidecar', 'transfer', 'inbox'];
const halves = ['requests', 'answer-first'];

const wireFormats = (words, { types }) =>
  [
    `:not(ImportDeclaration) > Literal[value=${words}]`,
    `TemplateElement[value.raw=${words}]`,
    `Identifier[name=${words}]`,
    // A type of message; the act has the same name.
    ...(types ? ['Literal[value="deprovision"]'] : []),
  ].map((selector) => ({
    selector,
    message: 'A dialect and its wire format are named in its folder below src/dialects alone.',
  }));

/** What only a folder below src/dialects may name: that of a dialect, or `edc`, which several share. */
const dialectWords = String.raw`control-plane|data-plane|transferProcess|resourceDefinition|provisionResource|managementU|managementV|w3id\.org`;
const inDialects = wireFormats(`/${dialectWords}/i`, { types: false });
/** Nor may the rest of src/ name what all provision requests have. */
const elsewhere = wireFormats(`/callbackPrefix|${dialectWords}/i`, { types: true });

/** `packages/NAME`, or '' for the project itself. */
const packageOf = (file) => /^packages\/[^/]+/.exec(relative(import.meta.dirname, file))?.[0] ?? '';
const packages = ['connector-simulator', 'embedded-kubernetes', 'embedded-s3', 'signaling-conformance'];

/**
 * No path leads into a package or out of one: what they offer is in their `exports`. In src/ one file loads them, by `import()`,
 * since the image does not have them; beside it they are imported as types, and below src/demo alone.
 */
const packageBorder = {
  create(context) {
    const file = relative(import.meta.dirname, context.filename);
    function check(node) {
      const name = node.source?.value;
      if (typeof name !== 'string') return;
      if (
        name.startsWith('.') &&
        packageOf(context.filename) !== packageOf(resolve(dirname(context.filename), name))
      )
        context.report({
          node,
          message: 'This path crosses the border of a package; import what it exports.',
        });
      if (!packages.includes(name.split('/')[0]) || !file.startsWith('src/')) return;
      const allowed =
        node.type === 'ImportExpression'
          ? file === 'src/demo/load-packages.ts'
          : file.startsWith('src/demo/') && node.importKind === 'type';
      if (!allowed)
        context.report({ node, message: 'Only src/demo/load-packages.ts loads a package, by import().' });
    }
    return {
      ImportDeclaration: check,
      ImportExpression: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
    };
  },
};

/** A dialect is reached by the interface: who registers it imports it, and nobody else. */
const dialectBorder = {
  create: (context) => ({
    ImportDeclaration({ source }) {
      if (!source.value.startsWith('.')) return;
      const file = relative(import.meta.dirname, resolve(dirname(context.filename), source.value));
      if (/^src\/dialects\/[^/]+\//.test(file))
        context.report({
          node: source,
          message: 'Only built-in.ts and settings.ts in src/dialects name a dialect.',
        });
    },
  }),
};

export default tseslint.config(
  { ignores: ['node_modules', 'coverage', 'dist', 'pages', 'jobs-templates/*/files'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
  },
  {
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', fetch: 'readonly' } },
  },
  {
    files: ['src/**/*.ts', 'packages/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts', 'test/**/*.ts'],
    ignores: ['**/*.test.ts'],
    rules: budgets,
  },
  {
    files: ['**/*.{ts,js,mjs}'],
    plugins: { project: { rules: { 'package-border': packageBorder, 'dialect-border': dialectBorder } } },
    rules: { 'project/package-border': 'error' },
  },
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
          ],
        },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      'func-style': ['error', 'declaration'],
    },
  },
  {
    files: ['test/unit/**/*.ts', 'packages/*/test/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'Program > VariableDeclaration CallExpression[callee.object.name="AbortSignal"][callee.property.name="timeout"]',
          message:
            'Unit tests share a process: time would run from when it starts, not from when the test does.',
        },
        {
          selector: 'Program > ExpressionStatement > CallExpression[callee.name=/^(beforeEach|afterEach)$/]',
          message:
            'Unit tests share a process: this would run for the tests of all files. Put it into a `describe`.',
        },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only src/config reads the environment.' },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/kubernetes/**'],
    rules: { 'no-restricted-imports': ['error', restriction(['demo'], [kubernetes])] },
  },
  layer(
    'dialects',
    ['reconciler', 'cluster-objects', 'demo', 'sidecar', 'result', 'storage', 'transfer'],
    [kubernetes, 'minio', 'koa'],
  ),
  layer(
    'http',
    ['reconciler', 'cluster-objects', 'answer-first', 'dialects', 'demo', 'sidecar', 'transfer'],
    [kubernetes, 'minio'],
  ),
  layer('reconciler', ['http', 'dialects', 'demo', 'sidecar'], [kubernetes, 'minio', 'koa']),
  layer('requests', [...edge, 'dialects', 'result'], [kubernetes, 'minio', 'koa']),
  layer('answer-first', [...edge, 'dialects', 'result', 'template', 'storage'], [kubernetes, 'minio', 'koa']),
  layer('cluster-objects', [...edge, ...halves, 'dialects', 'result'], [kubernetes, 'minio', 'koa']),
  layer(
    'transfer',
    [...edge, ...halves, 'dialects', 'cluster-objects', 'template', 'kubernetes'],
    [kubernetes, 'minio', 'koa'],
  ),
  ...['inbox', 'uploads'].map((folder) =>
    layer(
      folder,
      [
        'http',
        'reconciler',
        'demo',
        'sidecar',
        ...halves,
        'dialects',
        'cluster-objects',
        'template',
        'kubernetes',
      ],
      [kubernetes, 'minio', 'koa'],
    ),
  ),
  layer(
    'inputs',
    [...edge, ...halves, 'dialects', 'cluster-objects', 'result', 'kubernetes'],
    [kubernetes, 'minio', 'koa'],
  ),
  layer('result', [...edge, ...halves, 'dialects', 'cluster-objects'], [kubernetes, 'minio', 'koa']),
  layer(
    'template',
    [...edge, ...halves, 'dialects', 'cluster-objects', 'result', 'storage', 'kubernetes'],
    [kubernetes, 'minio', 'koa'],
  ),
  layer(
    'storage',
    [...edge, ...halves, 'dialects', 'cluster-objects', 'result', 'template', 'kubernetes'],
    [kubernetes, 'koa'],
  ),
  layer(
    'kubernetes',
    [...edge, ...halves, 'dialects', 'cluster-objects', 'result', 'template', 'storage'],
    ['minio', 'koa'],
  ),
  layer(
    'flow',
    [
      ...edge,
      ...halves,
      'dialects',
      'cluster-objects',
      'result',
      'template',
      'storage',
      'kubernetes',
      'config',
    ],
    [kubernetes, 'minio', 'koa', 'undici'],
  ),
  layer(
    'config',
    // The parts of `connectors` that dialects own load nothing else.
    [
      ...edge,
      ...halves,
      'dialects(?!/settings\\.ts$)',
      'cluster-objects',
      'result',
      'template',
      'storage',
      'kubernetes',
    ],
    [kubernetes, 'minio', 'koa'],
  ),
  // Of `http` it knows the types of bodies, of `flow` the reasons.
  layer(
    'client',
    [
      'reconciler',
      'cluster-objects',
      ...halves,
      'demo',
      'dialects',
      'sidecar',
      'transfer',
      'storage',
      'kubernetes',
    ],
    [kubernetes, 'minio', 'koa'],
  ),
  layer(
    'sidecar',
    [
      'http',
      'reconciler',
      ...halves,
      'demo',
      'dialects',
      'cluster-objects',
      'template',
      'transfer',
      'kubernetes',
    ],
    [kubernetes, 'minio', 'koa', 'undici', 'pino', 'ajv', 'typebox'],
  ),
  {
    files: ['src/**/*.ts'],
    // src/demo plays the connector, and `dev` asks somebody to point one at the service.
    ignores: ['src/dialects/**', 'src/demo/**', 'src/commands/dev.ts'],
    rules: { 'no-restricted-syntax': ['error', ...elsewhere] },
  },
  { files: ['src/dialects/*.ts'], rules: { 'no-restricted-syntax': ['error', ...inDialects] } },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/dialects/built-in.ts', 'src/dialects/settings.ts', 'src/dialects/*/**/*.ts'],
    rules: { 'project/dialect-border': 'error' },
  },
  {
    files: ['src/main.ts', 'src/commands/**/*.ts', 'src/demo/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', restriction([], [kubernetes, 'minio'])] },
  },
);
