import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { describeProblem, readTemplates } from '../../../src/template/load-templates.ts';
import { jobYaml, makeTemplates, templateSettings, templateYaml, type Files } from './template-folder.ts';

interface Row {
  name: string;
  files: Files;
  /** All problems, in order. A text is the beginning of a line. */
  problems: string[];
  folder?: string;
}

const container = 'spec.template.spec.containers.0';
/** Puts lines into the worker, below its image (line 11). */
function inWorker(lines: string): Files {
  return inJob('          command:', `${indent(lines, 10)}          command:`);
}

/** Puts lines into the pod, below restartPolicy (line 8). */
function inPod(lines: string): Files {
  return inJob('      containers:', `${indent(lines, 6)}      containers:`);
}

function inSpec(lines: string): Files {
  return inJob('  template:', `${indent(lines, 2)}  template:`);
}

function inJob(from: string, to: string): Files {
  return { 'job.yaml': jobYaml.replace(from, () => to) };
}

function inTemplate(from: string, to: string): Files {
  return { 'template.yaml': templateYaml.replace(from, () => to) };
}

function appended(lines: string): Files {
  return { 'template.yaml': templateYaml + lines };
}

function asset(parameters: string): Files {
  return appended(`assets:\n  - id: x\n    parameters: ${parameters}\n`);
}

function volume(line: string): Files {
  return inPod(`volumes:\n  - ${line}`);
}

function indent(lines: string, count: number): string {
  return lines.replace(/^/gm, ' '.repeat(count)) + '\n';
}

const byService = 'is set by the service and may not be written in a template';
const pod = 'spec.template.spec';

const folders: Row[] = [
  {
    name: 'a name that is no DNS label',
    folder: 'My_Template',
    files: {},
    problems: ['.: expected a DNS label as the folder’s name'],
  },
  {
    name: 'no template.yaml',
    files: { 'template.yaml': undefined },
    problems: ['template.yaml: is missing'],
  },
  { name: 'no job.yaml', files: { 'job.yaml': undefined }, problems: ['job.yaml: is missing'] },
  {
    name: 'nothing that runs',
    files: { 'template.yaml': undefined, 'job.yaml': undefined, 'job.env': 'A=1' },
    problems: ['.: expected template.yaml and job.yaml, or job-conf.env, received neither'],
  },
  {
    name: 'a file that is none of a template',
    files: { 'job.yml': '' },
    problems: ['job.yml: is not part of a template'],
  },
  {
    name: 'a folder in files/',
    files: { 'files/deep/x': '' },
    problems: ['files/deep: expected a file: a ConfigMap has no folders'],
  },
  {
    name: 'a file name that no ConfigMap can hold',
    files: { 'files/a b': '' },
    problems: ['files/a b: expected a name of letters, digits and . _ -'],
  },
  {
    name: 'text above the limit of a ConfigMap',
    files: { 'files/a': 'x'.repeat(600_000), 'files/b': 'x'.repeat(600_000) },
    problems: ['files: expected at most 1048576 bytes together'],
  },
  {
    name: 'bytes that are above it as base64 alone',
    files: { 'files/a': Buffer.alloc(800_000, 0xff) },
    problems: ['files: expected at most 1048576 bytes together'],
  },
  {
    name: 'a line in job.env that sets nothing',
    files: { 'job.env': 'A=1\n\n# fine\nB\n' },
    problems: ['job.env:4: expected NAME=value'],
  },
  {
    name: 'a variable with a name that no shell can read',
    files: { 'job.env': 'A=1\nB.C=2\n' },
    problems: ['job.env:2: B.C: expected a name of letters, digits and _'],
  },
  {
    name: 'a quote in job.env that stays open',
    files: { 'job.env': `A='"fine'\nB="never closed\nC=it's\n` },
    problems: [
      'job.env:2: B: expected a closing ": the value starts with this quote and does not end with it',
    ],
  },
  {
    name: 'a variable that the parser would lose',
    files: { 'job.env': 'A=1\n__proto__=2\n' },
    problems: ['job.env:2: __proto__: expected another name'],
  },
  {
    name: 'a text file that is a folder',
    files: { 'job.env/x': '' },
    problems: ['job.env: expected a regular file'],
  },
  {
    name: 'files that are no folder',
    files: { files: 'x' },
    problems: ['files: cannot be read: ENOTDIR'],
  },
  {
    name: 'a variable of the service',
    files: { 'job.env': 'RESULT_DIRECTORY=/x\n' },
    problems: ['job.env:1: RESULT_DIRECTORY: is set by the service'],
  },
];

const templates: Row[] = [
  {
    name: 'inputs with wrong names, sizes, types and files',
    files: appended(
      [
        'inputs:',
        '  Video: { description: A video. }',
        '  one: { description: One., maxSize: 0k, file: same }',
        '  two: { description: Two., file: same }',
        '',
      ].join('\n'),
    ),
    problems: [
      'template.yaml:16: inputs.Video: expected a name of lower-case letters, digits and - (at most 32)',
      'template.yaml:17: inputs.one.maxSize: expected a size from 1 byte to 8 PiB',
      'template.yaml:18: inputs.two.file: expected a file of its own, received that of inputs.one',
    ],
  },
  {
    name: 'an input without a description, and a file that leaves the folder',
    files: appended('inputs:\n  one: { file: ../x, mediaTypes: [video] }\n'),
    problems: [
      'template.yaml:16: inputs.one.description: expected text that is not empty, received nothing',
      'template.yaml:16: inputs.one.mediaTypes.0: expected a media type such as video/mp4 or video/*',
      'template.yaml:16: inputs.one.file: expected the name of a file',
    ],
  },
  {
    name: 'a variable of an input that is set elsewhere',
    files: {
      ...appended('inputs:\n  name: { description: One. }\n'),
      ...inWorker('env: [{ name: INPUT_NAME, value: x }]'),
      'job.env': 'INPUT_NAME=x\n',
    },
    problems: [
      'job.env:1: INPUT_NAME: is set by the service for inputs.name',
      `job.yaml:12: ${container}.env.0: INPUT_NAME is set by the service`,
    ],
  },
  {
    name: 'results in the folder of the inputs',
    files: {
      'template.yaml':
        templateYaml.replace('/results', '/inputs/x') + 'inputs:\n  one: { description: One. }\n',
    },
    problems: ['template.yaml:15: inputs: /inputs collides with results.directory /inputs/x'],
  },
  {
    name: 'what is not YAML',
    files: { 'template.yaml': 'description: [\n' },
    problems: ['template.yaml:2: is not YAML'],
  },
  {
    name: 'a member twice',
    files: appended('gpu: 1\ngpu: 2\n'),
    problems: ['template.yaml:16: is not YAML: Map keys must be unique'],
  },
  {
    name: 'an alias of what it stands in',
    files: appended('assets: &x\n  - id: a\n    parameters: *x\n'),
    problems: ['template.yaml:17: the alias *x is inside the value that it refers to (&x)'],
  },
  {
    name: 'more levels than any template has',
    files: appended(`assets: ${'['.repeat(100)}${']'.repeat(100)}\n`),
    problems: ['template.yaml:15: assets.0.0: expected at most 64 levels of nesting'],
  },
  {
    name: 'more levels than can be read',
    files: appended(`assets: ${'['.repeat(50_000)}${']'.repeat(50_000)}\n`),
    problems: ['template.yaml:15: is not YAML: it is nested more than 64 levels deep'],
  },
  {
    name: 'a value that JSON does not have',
    files: { 'template.yaml': `%YAML 1.1\n---\n${templateYaml}retention: 2001-01-01\n` },
    problems: [
      'template.yaml:17: retention: expected text, a number, a boolean, a list or a map, without tags',
    ],
  },
  {
    name: 'a parameter that no object can have',
    files: inTemplate('    NAME:', '    __proto__:'),
    problems: ['template.yaml:11: parameters.properties.__proto__: expected another name'],
  },
  {
    name: 'a pattern that no engine matches in bounded time',
    files: inTemplate('NAME: { type: string }', "NAME: { type: string, pattern: '^(?=a)b' }"),
    problems: [
      'template.yaml:11: parameters.properties.NAME: is not a JSON Schema: error parsing regexp: invalid or unsupported Perl syntax: `(?=`',
    ],
  },
  {
    name: 'a pattern that is too large',
    files: inTemplate('NAME: { type: string }', "NAME: { type: string, pattern: '^.{0,999}a{0,999}$' }"),
    problems: [
      'template.yaml:11: parameters.properties.NAME: is not a JSON Schema: pattern ^.{0,999}a{0,999}$: expected at most 2000 states',
    ],
  },
  {
    name: 'an unknown member',
    files: inTemplate('  directory:', '  folder: x\n  directory:'),
    problems: [
      'template.yaml:13: results.folder: is not a member that a template may have here; expected one of directory, file',
    ],
  },
  {
    name: 'no description',
    files: inTemplate('description: Made for tests.\n', ''),
    problems: ['template.yaml:1: description: expected text that is not empty, received nothing'],
  },
  {
    name: 'a parameter that is a list',
    files: inTemplate('type: integer', 'type: array'),
    problems: [
      'template.yaml:5: parameters.properties.SIZE.type: expected one of string, number, integer, boolean, received "array"',
    ],
  },
  {
    name: 'a parameter with a keyword of its own',
    files: inTemplate('minimum: 1', 'atLeast: 1'),
    problems: ['template.yaml:6: parameters.properties.SIZE.atLeast: is not a member'],
  },
  {
    name: 'a parameter that no environment can name',
    files: inTemplate('    NAME:', '    my-name:'),
    problems: [
      'template.yaml:11: parameters.properties.my-name: expected the name of an environment variable',
    ],
  },
  {
    name: 'a parameter with a line break in its name',
    files: inTemplate('    NAME:', '    "a\\nb": 2\n    NAME:'),
    problems: ['template.yaml:11: parameters.properties.a\\nb: expected a map, received 2'],
  },
  {
    name: 'a label with a line break in its name',
    files: inJob('  name: sample', '  name: sample\n  labels: { "a\\nb": x }'),
    problems: ['job.yaml:5: metadata.labels: expected as each name a name of letters, digits'],
  },
  {
    name: 'an annotation and a node label with control characters and a blank in their names',
    files: {
      'job.yaml': jobYaml
        .replace('  name: sample', '  name: sample\n  annotations: { "a\\u0000": x }')
        .replace('      containers:', '      nodeSelector: { "a b": x }\n      containers:'),
    },
    problems: [
      'job.yaml:5: metadata.annotations: expected as each name a name of letters, digits, -, _ and . (at most 63), after an optional DNS name and /, received "a\\u0000"',
      'job.yaml:10: spec.template.spec.nodeSelector: expected as each name',
    ],
  },
  ...[
    'labels.size',
    'metadata',
    'metadata.',
    'metadata.a..b',
    'metadata.https://a/b',
    '"/metadata/size"',
    '[metadata]',
  ].map((from) => ({
    name: `a parameter from ${from}`,
    files: inTemplate('minimum: 1', `minimum: 1\n      from: ${from}`),
    problems: [
      'template.yaml:7: parameters.properties.SIZE.from: expected metadata or claims and the names below it, as in metadata.year or [metadata, "a.name"], received ',
    ],
  })),
  {
    name: 'a parameter from a list with another root',
    files: inTemplate('minimum: 1', 'minimum: 1\n      from: [labels, size]'),
    problems: [
      'template.yaml:4: parameters.properties.SIZE: from: expected metadata or claims as the first name, received "labels"',
    ],
  },
  {
    name: 'a parameter from an index of a list',
    files: inTemplate('minimum: 1', 'minimum: 1\n      from: [metadata, sizes, 0]'),
    problems: [
      'template.yaml:7: parameters.properties.SIZE.from.2: expected a name that is not empty, received 0',
    ],
  },
  {
    name: 'a secret parameter from a contract',
    files: inTemplate('writeOnly: true', 'writeOnly: true, from: metadata.token'),
    problems: [
      'template.yaml:10: parameters.properties.TOKEN: is secret (writeOnly) and cannot have from: connectors store and show metadata and claims',
    ],
  },
  {
    name: 'a parameter of the service',
    files: inTemplate('    NAME:', '    RESULT_DIRECTORY:'),
    problems: ['template.yaml:11: parameters.properties.RESULT_DIRECTORY: is set by the service'],
  },
  {
    name: 'a default below its minimum',
    files: inTemplate('default: 2', 'default: 0'),
    problems: [
      'template.yaml:4: parameters.properties.SIZE: its default: parameter SIZE: expected an integer from 1, received 0',
    ],
  },
  {
    name: 'a default of another type',
    files: inTemplate('default: 2', 'default: "2"'),
    problems: [
      'template.yaml:4: parameters.properties.SIZE: its default: parameter SIZE: expected an integer from 1, received "2"',
    ],
  },
  {
    name: 'a default outside its choices',
    files: inTemplate('default: node:24-slim', 'default: node:22'),
    problems: [
      'template.yaml:9: parameters.properties.IMAGE: its default: parameter IMAGE: expected one of "node:24-slim", "busybox:1.37", received "node:22"',
    ],
  },
  {
    name: 'a pattern that is no pattern',
    files: inTemplate('minimum: 1', 'pattern: "["'),
    problems: ['template.yaml:4: parameters.properties.SIZE: is not a JSON Schema'],
  },
  {
    name: 'a secret with a default',
    files: inTemplate('writeOnly: true', 'writeOnly: true, default: hush'),
    problems: [
      'template.yaml:10: parameters.properties.TOKEN: is secret (writeOnly) and cannot have a default',
    ],
  },
  {
    name: 'two defaults',
    files: { 'job.env': 'SIZE=3\n' },
    problems: ['template.yaml:4: parameters.properties.SIZE: has a default here and another in job.env'],
  },
  {
    name: 'a default in job.env that does not fit',
    files: { ...inTemplate('NAME: { type: string }', 'NAME: { type: integer }'), 'job.env': '\nNAME=x\n' },
    problems: ['job.env:2: parameter NAME: expected an integer, received "x"'],
  },
  {
    name: 'a required parameter that is none',
    files: inTemplate('results:', '  required: [SIZE, COUNT]\nresults:'),
    problems: ['template.yaml:12: parameters.required: COUNT is not one of the properties'],
  },
  {
    name: 'an asset with an unknown parameter',
    files: asset('{ COUNT: 1 }'),
    problems: [
      'template.yaml:17: parameter COUNT: is not a parameter of this template; expected one of SIZE',
    ],
  },
  {
    name: 'an asset with a wrong parameter',
    files: asset('{ SIZE: many }'),
    problems: ['template.yaml:17: parameter SIZE: expected an integer from 1, received "many"'],
  },
  {
    name: 'a result directory that is relative',
    files: inTemplate('/results', 'results'),
    problems: ['template.yaml:13: results.directory: expected an absolute path, received "results"'],
  },
  {
    name: 'a result directory of the system',
    files: inTemplate('/results', '/usr'),
    problems: ['template.yaml:13: results.directory: expected a folder of its own, received /usr'],
  },
  ...['/proc/x', '/sys/fs/x', '/dev/shm/x', '/dev', '/etc/hosts'].map((directory) => ({
    name: `a result directory at ${directory}`,
    files: inTemplate('/results', directory),
    problems: [`template.yaml:13: results.directory: expected a folder of its own, received ${directory}`],
  })),
  {
    name: 'files in a file system of the kernel',
    files: { ...appended('files: { mountPath: /proc/self }\n'), 'files/x': '' },
    problems: ['template.yaml:15: files.mountPath: expected a folder of its own, received /proc/self'],
  },
  {
    name: 'a result directory with a line break',
    files: inTemplate('/results', '"/results\\nx"'),
    problems: ['template.yaml:13: results.directory: expected an absolute path without ., .., : and $'],
  },
  {
    name: 'a result directory with ..',
    files: inTemplate('/results', '/a/../etc'),
    problems: ['template.yaml:13: results.directory: expected an absolute path without ., .., : and $'],
  },
  {
    name: 'a result outside the directory',
    files: inTemplate('out.json', '../x'),
    problems: ['template.yaml:14: results.file: expected a path below the result directory'],
  },
  {
    name: 'one file and an archive',
    files: inTemplate('file: out.json', 'file: out.json\n  archive: tar'),
    problems: [
      'template.yaml:15: results.archive: expected one of file, archive and auto, received file and archive',
    ],
  },
  {
    name: 'nothing as results, and a file that has to be there',
    files: inTemplate('file: out.json', 'file: out.json\n  allowEmpty: true'),
    problems: [
      'template.yaml:15: results.allowEmpty: expected false, since out.json must be among the results',
    ],
  },
  {
    name: 'a presigned archive',
    files: inTemplate('  file: out.json', '  archive: zip\ndataAddress: presigned'),
    problems: ['template.yaml:15: dataAddress: presigned needs results.file'],
  },
  {
    name: 'an archive at an address of S3',
    files: inTemplate('  file: out.json', '  archive: zip\ndataAddress: s3'),
    problems: [
      'template.yaml:14: results.archive: expected none with dataAddress s3, which hands out the files themselves',
    ],
  },
  {
    name: 'an address of S3 before the results exist',
    files: appended('dataAddress: s3\nstart: at-once\n'),
    problems: ['template.yaml:16: start: expected when-ready with dataAddress s3'],
  },
  {
    name: 'an unknown kind of data address',
    files: appended('dataAddress: ftp\n'),
    problems: ['template.yaml:15: dataAddress: expected one of service, presigned, s3, received "ftp"'],
  },
  {
    name: 'a storage class that is not allowed',
    files: inTemplate('  file:', '  storage: { storageClass: slow }\n  file:'),
    problems: [
      'template.yaml:14: results.storage.storageClass: "slow" is not among pods.allowedStorageClasses',
    ],
  },
  {
    name: 'a size that is none',
    files: inTemplate('  file:', '  storage: { size: much }\n  file:'),
    problems: [
      'template.yaml:14: results.storage.size: expected a quantity such as 500Mi or 10Gi, received "much"',
    ],
  },
  {
    name: 'a duration that is none',
    files: appended('retention: soon\n'),
    problems: ['template.yaml:15: retention: expected a duration such as 90s'],
  },
  {
    name: 'a run above the most',
    files: appended('limits: { run: 2d }\n'),
    problems: ['template.yaml:15: limits.run: expected 1 s to 86400 s, received 172800 s'],
  },
  {
    name: 'no time to run',
    files: appended('limits: { run: 0 }\n'),
    problems: ['template.yaml:15: limits.run: expected 1 s to 86400 s, received 0 s'],
  },
  {
    name: 'an egress class that is none',
    files: appended('egress: everywhere\n'),
    problems: ['template.yaml:15: egress: expected one of store, internet, partners, received "everywhere"'],
  },
  {
    name: 'a pull secret that is not allowed',
    files: appended('pullSecrets: [mine]\n'),
    problems: ['template.yaml:15: pullSecrets: "mine" is not among images.allowedPullSecrets'],
  },
  {
    name: 'root',
    files: appended('security: { runAsUser: 0 }\n'),
    problems: ['template.yaml:15: security.runAsUser: expected a UID from 1 to 2147483647, received 0'],
  },
  {
    name: 'files mounted into the results',
    files: { ...appended('files: { mountPath: /results/in }\n'), 'files/x': '' },
    problems: ['template.yaml:15: files.mountPath: /results/in collides with results.directory /results'],
  },
];

const jobs: Row[] = [
  {
    name: 'another kind',
    files: inJob('kind: Job', 'kind: Pod'),
    problems: ['job.yaml:2: kind: expected Job, received "Pod"'],
  },
  {
    name: 'no restart policy',
    files: inJob('      restartPolicy: Never\n', ''),
    problems: ['job.yaml:7: spec.template.spec.restartPolicy: expected Never'],
  },
  {
    name: 'a restart policy other than Never',
    files: inJob('Never', 'OnFailure'),
    problems: ['job.yaml:8: spec.template.spec.restartPolicy: expected Never'],
  },
  {
    name: 'a TTL',
    files: inSpec('ttlSecondsAfterFinished: 60'),
    problems: ['job.yaml:6: spec.ttlSecondsAfterFinished: is not allowed: it would delete the ended Job'],
  },
  {
    name: 'a deadline',
    files: inSpec('activeDeadlineSeconds: 60'),
    problems: [`job.yaml:6: spec.activeDeadlineSeconds: ${byService}; use limits in template.yaml`],
  },
  {
    name: 'several pods',
    files: inSpec('parallelism: 2'),
    problems: ['job.yaml:6: spec.parallelism: expected 1 (a flow is one pod at a time), received 2'],
  },
  {
    name: 'hostPath',
    files: volume('{ name: x, hostPath: { path: / } }'),
    problems: [
      `job.yaml:10: ${pod}.volumes.0.hostPath: is not allowed: a worker must not see the node’s files`,
    ],
  },
  {
    name: 'a projected volume',
    files: volume('{ name: x, projected: { sources: [] } }'),
    problems: [`job.yaml:10: ${pod}.volumes.0.projected: is not a volume for templates`],
  },
  {
    name: 'a volume without a kind',
    files: volume('{ name: x }'),
    problems: [
      `job.yaml:10: ${pod}.volumes.0: expected one of emptyDir, configMap, ephemeral, secret, persistentVolumeClaim, received none`,
    ],
  },
  {
    name: 'a volume with a name of the service',
    files: volume('{ name: results, emptyDir: {} }'),
    problems: [`job.yaml:10: ${pod}.volumes.0.name: "results" is a volume of the service`],
  },
  {
    name: 'a Secret that is not allowed',
    files: volume('{ name: x, secret: { secretName: root } }'),
    problems: [`job.yaml:10: ${pod}.volumes.0.secret: the Secret "root" is not among pods.allowedSecrets`],
  },
  {
    name: "another flow's environment",
    files: volume('{ name: x, configMap: { name: flow-abc-env } }'),
    problems: [`job.yaml:10: ${pod}.volumes.0.configMap: "flow-abc-env" looks like an object of the service`],
  },
  {
    name: 'a claim that is not allowed',
    files: volume('{ name: x, persistentVolumeClaim: { claimName: home } }'),
    problems: [
      `job.yaml:10: ${pod}.volumes.0.persistentVolumeClaim: the claim "home" is not among pods.allowedPersistentVolumeClaims`,
    ],
  },
  {
    name: 'an ephemeral volume of a class that is not allowed',
    files: volume(
      '{ name: x, ephemeral: { volumeClaimTemplate: { spec: { accessModes: [ReadWriteOnce], storageClassName: slow, resources: { requests: { storage: 1Gi } } } } } }',
    ),
    problems: [`job.yaml:10: ${pod}.volumes.0.ephemeral: "slow" is not among pods.allowedStorageClasses`],
  },
  {
    name: 'the network of the node',
    files: inPod('hostNetwork: true'),
    problems: [`job.yaml:9: ${pod}.hostNetwork: is not allowed: a worker must not share the node’s network`],
  },
  {
    name: 'the processes of the node',
    files: inPod('hostPID: true'),
    problems: [`job.yaml:9: ${pod}.hostPID: is not allowed`],
  },
  {
    name: 'the memory of the node',
    files: inPod('hostIPC: true'),
    problems: [`job.yaml:9: ${pod}.hostIPC: is not allowed`],
  },
  {
    name: 'a service account',
    files: inPod('serviceAccountName: admin'),
    problems: [
      `job.yaml:9: ${pod}.serviceAccountName: is not allowed: a worker has no access to the cluster`,
    ],
  },
  {
    name: "a service account's token",
    files: inPod('automountServiceAccountToken: true'),
    problems: [
      `job.yaml:9: ${pod}.automountServiceAccountToken: is not allowed: a worker has no access to the cluster`,
    ],
  },
  {
    name: 'pull secrets in the wrong file',
    files: inPod('imagePullSecrets: []'),
    problems: [`job.yaml:9: ${pod}.imagePullSecrets: is written in template.yaml, as pullSecrets`],
  },
  {
    name: 'a UID of its own',
    files: inPod('securityContext: { runAsUser: 5 }'),
    problems: [
      `job.yaml:9: ${pod}.securityContext.runAsUser: is set by the service for all containers alike; use security.runAsUser in template.yaml`,
    ],
  },
  {
    name: 'a member of pods that nobody thought of',
    files: inPod('schedulingGates: []'),
    problems: [`job.yaml:9: ${pod}.schedulingGates: is not a member that a template may have here`],
  },
  {
    name: 'a privileged container',
    files: inWorker('securityContext:\n  privileged: true'),
    problems: [
      `job.yaml:13: ${container}.securityContext.privileged: is not allowed: containers run unprivileged`,
    ],
  },
  {
    name: 'a way to more privileges',
    files: inWorker('securityContext: { allowPrivilegeEscalation: true }'),
    problems: [`job.yaml:12: ${container}.securityContext.allowPrivilegeEscalation: is not allowed`],
  },
  {
    name: 'a capability',
    files: inWorker('securityContext: { capabilities: { add: [NET_ADMIN] } }'),
    problems: [
      `job.yaml:12: ${container}.securityContext.capabilities.add: is not allowed: containers run without any capability`,
    ],
  },
  {
    name: 'no limits',
    files: inJob(/ {10}resources:[^]*/.exec(jobYaml)?.[0] ?? '', ''),
    problems: [
      `job.yaml:10: ${container}.resources: expected limits for cpu and memory, received none for cpu and memory`,
    ],
  },
  {
    name: 'no limit of memory',
    files: inJob('              memory: 64Mi\n', ''),
    problems: [
      `job.yaml:14: ${container}.resources: expected limits for cpu and memory, received none for memory`,
    ],
  },
  {
    name: 'a quantity that is none',
    files: inJob('64Mi', '64MB'),
    problems: [
      `job.yaml:17: ${container}.resources.limits.memory: expected a quantity such as 500m, 2 or 1Gi, received "64MB"`,
    ],
  },
  {
    name: 'an image that is not allowed',
    files: inJob('node:24-slim', 'node:24'),
    problems: [`job.yaml:11: ${container}.image: "node:24" is not among images.allow of the configuration`],
  },
  {
    name: 'a container that is no worker',
    files: inJob('name: worker', 'name: main'),
    problems: [`job.yaml:10: ${container}.name: expected worker, received "main"`],
  },
  {
    name: 'two containers',
    files: {
      'job.yaml': `${jobYaml}        - { name: other, image: 'node:24-slim', resources: { limits: { cpu: 1, memory: 1Mi } } }\n`,
    },
    problems: [`job.yaml:9: ${pod}.containers: expected one container, named worker`],
  },
  {
    name: "an init container with the sidecar's name",
    files: inPod(
      "initContainers:\n  - { name: uploader, image: 'node:24-slim', resources: { limits: { cpu: 1, memory: 1Mi } } }",
    ),
    problems: [`job.yaml:10: ${pod}.initContainers.0.name: "uploader" is the name of another container`],
  },
  {
    name: 'a label of the service',
    files: inJob('  name: sample', '  name: sample\n  labels: { edc-job-provisioner/flow: x }'),
    problems: ['job.yaml:5: metadata.labels.edc-job-provisioner/flow: cannot be set by a template'],
  },
  {
    name: 'an annotation that lowers security',
    files: inJob(
      '  template:\n',
      '  template:\n    metadata:\n      annotations:\n        container.apparmor.security.beta.kubernetes.io/worker: unconfined\n',
    ),
    problems: [
      'job.yaml:9: spec.template.metadata.annotations.container.apparmor.security.beta.kubernetes.io/worker: cannot be set by a template',
    ],
  },
  {
    name: 'a mount without a volume',
    files: inWorker('volumeMounts:\n  - { name: x, mountPath: /x }'),
    problems: [`job.yaml:13: ${container}.volumeMounts.0: "x" is not a volume of this Job`],
  },
  {
    name: 'a mount over the results',
    files: {
      'job.yaml': `${jobYaml}          volumeMounts:\n            - { name: x, mountPath: /results/ }\n      volumes: [{ name: x, emptyDir: {} }]\n`,
    },
    problems: [
      `job.yaml:19: ${container}.volumeMounts.0: /results/ collides with /results, which the service mounts`,
    ],
  },
  {
    name: 'a mount that reaches the results on a way around',
    files: {
      'job.yaml': `${jobYaml}          volumeMounts:\n            - { name: x, mountPath: /x/../results }\n      volumes: [{ name: x, emptyDir: {} }]\n`,
    },
    problems: [
      `job.yaml:19: ${container}.volumeMounts.0: /x/../results collides with /results, which the service mounts`,
    ],
  },
  {
    name: 'a mount in a file system of the kernel',
    files: {
      'job.yaml': `${jobYaml}          volumeMounts:\n            - { name: x, mountPath: /x/../proc/x }\n      volumes: [{ name: x, emptyDir: {} }]\n`,
    },
    problems: [
      `job.yaml:19: ${container}.volumeMounts.0: /x/../proc/x: expected a folder outside the kernel's file systems`,
    ],
  },
  {
    name: 'a mount around the files',
    files: {
      'job.yaml': `${jobYaml}          volumeMounts:\n            - { name: x, mountPath: /opt }\n      volumes: [{ name: x, emptyDir: {} }]\n`,
      'files/x': '',
    },
    problems: [
      `job.yaml:19: ${container}.volumeMounts.0: /opt collides with /opt/template, which the service mounts`,
    ],
  },
  {
    name: 'a variable that hides a parameter',
    files: inWorker('env: [{ name: SIZE, value: "1" }]'),
    problems: [`job.yaml:12: ${container}.env.0: SIZE is a parameter, which this variable would hide`],
  },
  {
    name: 'a variable from a Secret that is not allowed',
    files: inWorker('env:\n  - name: KEY\n    valueFrom: { secretKeyRef: { name: root, key: x } }'),
    problems: [`job.yaml:13: ${container}.env.0: the Secret "root" is not among pods.allowedSecrets`],
  },
  {
    name: 'an environment from a Secret that is not allowed',
    files: {
      'job.yaml': jobYaml.replace(
        '          command:',
        '          envFrom: [{ secretRef: { name: root } }]\n          command:',
      ),
    },
    problems: [`job.yaml:12: ${container}.envFrom.0: the Secret "root" is not among pods.allowedSecrets`],
  },
  {
    name: 'two documents',
    files: { 'job.yaml': `${jobYaml}---\n${jobYaml}` },
    problems: ['job.yaml:18: is not YAML: Source contains multiple documents'],
  },
];

const open = 'placeholders may be in parallelism, completions, nodeSelector';
const placeholders: Row[] = [
  {
    name: 'a placeholder inside text',
    files: inJob('image: node:24-slim', 'image: node:${SIZE}'),
    problems: [`job.yaml:11: ${container}.image: expected a placeholder as the whole value`],
  },
  {
    name: 'a placeholder as a name',
    files: inPod('nodeSelector:\n  ${NAME}: x'),
    problems: [`job.yaml:10: ${pod}.nodeSelector.\${NAME}: expected a placeholder as the whole value`],
  },
  {
    name: 'a placeholder without a parameter',
    files: inJob('cpu: 500m', 'cpu: ${COUNT}'),
    problems: [
      `job.yaml:16: ${container}.resources.limits.cpu: \${COUNT} is not a parameter; expected one of SIZE, CPUS`,
    ],
  },
  {
    name: 'a placeholder in args',
    files: inJob('args: [--size, $(SIZE)]', 'args:\n            - ${SIZE}'),
    problems: [`job.yaml:14: ${container}.args.0: \${SIZE} cannot stand in args; write $(SIZE)`],
  },
  {
    name: 'a placeholder for what decides what a pod may do',
    files: inPod('hostNetwork: ${SIZE}'),
    problems: [`job.yaml:9: ${pod}.hostNetwork: \${SIZE} cannot stand here; ${open}`],
  },
  {
    name: 'a placeholder in a label and an annotation, whatever their names are',
    files: {
      'job.yaml': jobYaml
        .replace('  name: sample', '  name: sample\n  annotations: { image: "${IMAGE}" }')
        .replace('    spec:\n', '    metadata:\n      labels: { resources: "${IMAGE}" }\n    spec:\n'),
    },
    problems: [
      `job.yaml:5: metadata.annotations.image: \${IMAGE} cannot stand here; ${open}`,
      `job.yaml:9: spec.template.metadata.labels.resources: \${IMAGE} cannot stand here; ${open}`,
    ],
  },
  {
    name: 'a placeholder for a Secret',
    files: inPod('volumes:\n  - name: x\n    secret:\n      secretName: ${IMAGE}'),
    problems: [`job.yaml:12: ${pod}.volumes.0.secret.secretName: \${IMAGE} cannot stand here`],
  },
  {
    name: 'a secret placeholder',
    files: inPod('nodeSelector:\n  zone: ${TOKEN}'),
    problems: [`job.yaml:10: ${pod}.nodeSelector.zone: \${TOKEN} is secret`],
  },
  {
    name: 'a placeholder without any value',
    files: inPod('nodeSelector:\n  zone: ${NAME}'),
    problems: [`job.yaml:10: ${pod}.nodeSelector.zone: \${NAME} needs a value for the check`],
  },
  {
    name: 'a placeholder that may be without a value',
    files: {
      ...inPod('nodeSelector:\n  zone: ${NAME}'),
      ...inTemplate('NAME: { type: string }', 'NAME: { type: string, examples: [a] }'),
    },
    problems: [`job.yaml:10: ${pod}.nodeSelector.zone: \${NAME} may have no value`],
  },
  {
    name: 'a number of the Job from a contract without a limit',
    files: {
      ...inTemplate('default: 0.5', 'default: 0.5, from: metadata.cpus'),
      ...inJob('cpu: 500m', 'cpu: ${CPUS}'),
    },
    problems: [
      `job.yaml:16: ${container}.resources.limits.cpu: \${CPUS} comes from metadata.cpus, whose sender must not choose freely how the pod runs: give the parameter an enum, or a maximum`,
    ],
  },
  {
    name: 'text of the Job from a contract without a limit',
    files: {
      ...inTemplate('NAME: { type: string }', 'NAME: { type: string, default: low, from: [claims, a.b] }'),
      ...inPod('priorityClassName: ${NAME}'),
    },
    problems: [
      `job.yaml:9: ${pod}.priorityClassName: \${NAME} comes from claims["a.b"], whose sender must not choose freely how the pod runs: give the parameter an enum, or a pattern`,
    ],
  },
  {
    name: 'a value of the wrong type for its place',
    files: inPod('nodeSelector:\n  zone: ${SIZE}'),
    problems: [`job.yaml:10: ${pod}.nodeSelector.zone: expected text, received 2`],
  },
  {
    name: 'an image that anybody may choose',
    files: {
      ...inJob('image: node:24-slim', 'image: ${IMAGE}'),
      ...inTemplate('enum: [node:24-slim, busybox:1.37], ', ''),
    },
    problems: [
      `job.yaml:11: ${container}.image: \${IMAGE} selects the image: the parameter needs an enum of images`,
    ],
  },
  {
    name: 'a choice of images of which one is not allowed',
    files: { ...inJob('image: node:24-slim', 'image: ${IMAGE}'), ...inTemplate('busybox:1.37]', 'evil]') },
    problems: [`job.yaml:11: ${container}.image: "evil" is not among images.allow`],
  },
  {
    name: "a reference in a shell's script",
    files: inJob(
      'command: [node, /opt/template/run.mjs]\n          args: [--size, $(SIZE)]',
      'command: [/bin/sh, -ec]\n          args: [echo $(SIZE)]',
    ),
    problems: [
      `job.yaml:13: ${container}.args.0: $(SIZE) inside the text of a program would become part of it`,
    ],
  },
  {
    name: "a reference in another language's script",
    files: inJob('[node, /opt/template/run.mjs]', '[env, A=1, node, --eval, "f($(SIZE))"]'),
    problems: [`job.yaml:12: ${container}.command.4: $(SIZE) inside the text of a program`],
  },
  {
    name: 'a reference to nothing',
    files: inJob('$(SIZE)', '$(LENGTH)'),
    problems: [`job.yaml:13: ${container}.args.1: $(LENGTH) may have no value`],
  },
  {
    name: 'a reference to what may be missing',
    files: inJob('$(SIZE)', '$(NAME)'),
    problems: [`job.yaml:13: ${container}.args.1: $(NAME) may have no value`],
  },
];

for (const [title, rows] of Object.entries({ folders, templates, jobs, placeholders })) {
  suite(`check of ${title} refuses`, () => {
    for (const { name, files, problems, folder = 'sample' } of rows) {
      test(name, async () => {
        await using made = await makeTemplates(files, folder);
        const found = await readTemplates(made.directory, templateSettings);
        const lines = found.problems.map((problem) =>
          describeProblem(problem).replaceAll(`${made.folder}/`, '').replaceAll(made.folder, '.'),
        );
        // Cut to the length of what is expected, so that a failure shows both.
        assert.deepEqual(
          lines.map((line, index) => line.slice(0, problems[index]?.length)),
          problems,
        );
        assert.deepEqual(found.templates, []);
      });
    }
  });
}

suite('check tells all at once', () => {
  const rows: Row[] = [
    {
      name: 'in both files and in all of their members',
      files: {
        'template.yaml': templateYaml
          .replace('type: integer', 'type: array')
          .replace('/results', '/proc/x')
          .replace('description', 'descripion'),
        'job.yaml': jobYaml
          .replace('Never', 'Always')
          .replace('node:24-slim', 'node:22')
          .replace('$(SIZE)', '$(LENGTH)')
          .replace('64Mi', '64MB'),
        'job.env': 'NAME=1\nwhat\n',
      },
      problems: [
        'job.env:2: expected NAME=value',
        'job.yaml:8: spec.template.spec.restartPolicy: expected Never',
        'job.yaml:11: spec.template.spec.containers.0.image: "node:22" is not among images.allow',
        'job.yaml:13: spec.template.spec.containers.0.args.1: $(LENGTH) may have no value',
        'job.yaml:17: spec.template.spec.containers.0.resources.limits.memory: expected a quantity',
        'template.yaml:1: description: expected text that is not empty, received nothing',
        'template.yaml:1: descripion: is not a member',
        'template.yaml:5: parameters.properties.SIZE.type: expected one of string',
        'template.yaml:13: results.directory: expected a folder of its own, received /proc/x',
      ],
    },
    {
      name: 'of a job.yaml whose template.yaml is not there',
      files: {
        'template.yaml': undefined,
        'job.yaml': jobYaml.replace('node:24-slim', 'node:22').replace('500m', '${CPUS}'),
      },
      problems: [
        'job.yaml:11: spec.template.spec.containers.0.image: "node:22" is not among images.allow',
        'template.yaml: is missing',
      ],
    },
    {
      name: 'of a template.yaml whose job.yaml is none',
      files: { 'template.yaml': templateYaml.replace('/results', '/etc'), 'job.yaml': 'spec: [\n' },
      problems: [
        'job.yaml:2: is not YAML',
        'template.yaml:13: results.directory: expected a folder of its own, received /etc',
      ],
    },
    {
      name: 'around a placeholder that cannot stand where it is',
      files: inPod('hostNetwork: ${SIZE}\nhostPID: true\nnodeSelector:\n  zone: a-${SIZE}'),
      problems: [
        'job.yaml:9: spec.template.spec.hostNetwork: ${SIZE} cannot stand here',
        'job.yaml:10: spec.template.spec.hostPID: is not allowed',
        'job.yaml:12: spec.template.spec.nodeSelector.zone: expected a placeholder as the whole value',
      ],
    },
    {
      name: 'around a parameter whose schema is wrong, and nothing that may only follow from it',
      files: {
        'template.yaml': templateYaml
          .replace('    CPUS: { type: number, default: 0.5 }', '    CPUS: { type: numeric }')
          .replace('results:', `  required: [CPUS, OTHER]\nresults:`),
        'job.yaml': jobYaml.replace('500m', '${CPUS}').replace('$(SIZE)', '$(CPUS)'),
        'job.env': 'CPUS=x\n',
      },
      problems: [
        'template.yaml:8: parameters.properties.CPUS.type: expected one of string',
        'template.yaml:12: parameters.required: OTHER is not one of the properties',
      ],
    },
    {
      name: 'of a shorthand without an image',
      files: {
        'template.yaml': undefined,
        'job.yaml': undefined,
        'job-conf.env': 'GPU=some\nRESULT_DIRECTORY=/etc\n',
      },
      problems: [
        'job-conf.env: WORKER_IMAGE: expected the name of an image, received nothing',
        'job-conf.env:1: GPU: expected true, false or a number',
        'job-conf.env:2: results.directory: expected a folder of its own, received /etc',
      ],
    },
  ];
  for (const { name, files, problems } of rows) {
    test(name, async () => {
      await using made = await makeTemplates(files);
      const found = await readTemplates(made.directory, templateSettings);
      const lines = found.problems.map((problem) => describeProblem(problem).replace(`${made.folder}/`, ''));
      assert.deepEqual(
        lines.map((line, index) => line.slice(0, problems[index]?.length)),
        problems,
      );
      assert.deepEqual(found.templates, []);
    });
  }
});

suite('check of all templates together refuses', () => {
  test('an asset that another serves, though that one has a problem of its own', async () => {
    await using made = await makeTemplates({
      'template.yaml': `${templateYaml}assets: [{ id: 'urn:x' }]\n`,
      '../other/template.yaml': `${templateYaml}gpu: many\nassets: [{ id: 'urn:x' }]\n`,
      '../other/job.yaml': jobYaml,
    });
    const { problems, templates: usable } = await readTemplates(made.directory, templateSettings);
    assert.deepEqual(
      problems.map(({ reason }) => reason.slice(0, 40)),
      ['gpu: expected true, false or a number of', 'the asset "urn:x" is already served by t'],
    );
    assert.deepEqual(
      usable.map(({ name }) => name),
      ['sample'],
    );
  });

  test('an address of S3 where the store mints no keys', async () => {
    await using made = await makeTemplates({ 'template.yaml': `${templateYaml}dataAddress: s3\n` });
    const store = { ...templateSettings.store, credentials: 'static' as const };
    const { problems } = await readTemplates(made.directory, { ...templateSettings, store });
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      [
        'dataAddress: s3 needs a store that mints keys for each flow (STS AssumeRole, as MinIO and AWS have it), and store.credentials is static; use presigned or service',
      ],
    );
  });

  test('an asset that two of them serve', async () => {
    await using made = await makeTemplates({
      'template.yaml': `${templateYaml}assets: [{ id: 'urn:x' }]\n`,
      '../other/template.yaml': `${templateYaml}assets: [{ id: 'urn:x' }]\n`,
      '../other/job.yaml': jobYaml,
    });
    const { problems } = await readTemplates(made.directory, templateSettings);
    assert.deepEqual(
      problems.map(({ reason }) => reason),
      ['the asset "urn:x" is already served by the template other'],
    );
  });
});
