import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { FlowRequest } from '../../../src/flow/flow-request.ts';
import type { Container, Job, PodSpec, Volume } from '../../../src/kubernetes/types.ts';
import type { PodSettings } from '../../../src/cluster-objects/pod-template.ts';
import { buildJob } from '../../../src/cluster-objects/job.ts';
import { loadTemplates } from '../../../src/template/load-templates.ts';
import { renderTemplate } from '../../../src/template/render-template.ts';
import {
  jobYaml,
  makeTemplates,
  templateSettings,
  templateYaml,
  type Files,
} from '../template/template-folder.ts';

const flow = 'flow-abc';
const request: FlowRequest = {
  dialect: 'control-plane',
  connector: 'provider',
  ids: { transferProcessId: '1' },
  assetId: 'sample',
  template: 'sample',
  acceptedAt: '2026-01-01T00:00:00.000Z',
};
const settings: PodSettings = {
  ...templateSettings,
  cluster: { namespace: 'jobs', requestTimeoutMillis: 1000 },
};

async function build(
  files: Files = {},
  parameters: Record<string, unknown> = {},
  { caFile, priorityClassName }: { caFile?: string; priorityClassName?: string } = {},
): Promise<Job> {
  await using made = await makeTemplates(files);
  const [template] = await loadTemplates(made.directory, templateSettings);
  assert.ok(template !== undefined);
  return buildJob({
    flow,
    request: { ...request, ...(priorityClassName === undefined ? {} : { priorityClassName }) },
    rendered: renderTemplate(template, { assetId: 'sample', parameters }),
    settings: caFile === undefined ? settings : { ...settings, pods: { ...settings.pods, caFile } },
  });
}

async function buildPod(files: Files = {}, parameters: Record<string, unknown> = {}): Promise<PodSpec> {
  const pod = (await build(files, parameters)).spec?.template.spec;
  assert.ok(pod !== undefined);
  return pod;
}

function containerOf(pod: PodSpec, name: string): Container {
  const found = [...(pod.initContainers ?? []), ...pod.containers].find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

function volumeOf(pod: PodSpec, name: string): Volume {
  const found = (pod.volumes ?? []).find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

function withTemplate(lines: string): Files {
  return { 'template.yaml': templateYaml + lines };
}

suite('the Job', () => {
  test('is suspended, labelled, and held by a finalizer until its outcome is told', async () => {
    const { metadata, spec } = await build();
    assert.equal(spec?.suspend, true);
    assert.equal(metadata?.name, flow);
    assert.deepEqual(metadata.finalizers, ['edc-job-provisioner/outcome']);
    assert.deepEqual(metadata.labels, {
      'app.kubernetes.io/managed-by': 'edc-job-provisioner',
      'edc-job-provisioner/flow': flow,
      'edc-job-provisioner/template': 'sample',
      'edc-job-provisioner/connector': 'provider',
      'edc-job-provisioner/state': 'open',
    });
  });

  test('replaces a pod for a disruption alone, and never beside one that still runs', async () => {
    const { spec } = await build();
    assert.equal(spec?.backoffLimit, 0);
    assert.equal(spec.podReplacementPolicy, 'Failed');
    assert.deepEqual(spec.podFailurePolicy?.rules, [
      { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      { action: 'FailJob', onExitCodes: { containerName: 'worker', operator: 'NotIn', values: [0] } },
    ]);
    assert.equal(spec.ttlSecondsAfterFinished, undefined);
  });

  test('ends by itself only after all limits of its template', async () => {
    const { spec } = await build(withTemplate('limits: { pending: 100, run: 1000, upload: 200 }\n'));
    assert.ok((spec?.activeDeadlineSeconds ?? 0) > 1300);
    assert.equal(spec?.template.spec?.terminationGracePeriodSeconds, 200);
  });

  test('has the PriorityClass of its request, else that of its template, else none', async () => {
    const own = {
      'job.yaml': jobYaml.replace(
        'restartPolicy: Never',
        'restartPolicy: Never\n      priorityClassName: own',
      ),
    };
    const jobs = [
      await build(),
      await build(own),
      await build({}, {}, { priorityClassName: 'wanted' }),
      await build(own, {}, { priorityClassName: 'wanted' }),
    ];
    assert.deepEqual(
      jobs.map(({ spec }) => spec?.template.spec?.priorityClassName),
      [undefined, 'own', 'wanted', 'wanted'],
    );
  });

  test('keeps the author’s labels and annotations', async () => {
    const marks = '  labels: { team: blue }\n  annotations: { why: because }\n';
    const { metadata } = await build({
      'job.yaml': jobYaml.replace('  name: sample\n', `  name: sample\n${marks}`),
    });
    assert.equal(metadata?.labels?.['team'], 'blue');
    assert.deepEqual(metadata.annotations, { why: 'because' });
  });
});

suite('the pod', () => {
  test('is held by a finalizer until its end is written down', async () => {
    const job = await build();
    assert.deepEqual(job.spec?.template.metadata?.finalizers, ['edc-job-provisioner/evidence']);
    assert.equal(job.spec.template.metadata.labels?.['edc-job-provisioner/flow'], flow);
  });

  test('meets the restricted Pod Security Standard in every container', async () => {
    const init =
      "      initContainers: [{ name: stage, image: 'busybox:1.37', resources: { limits: { cpu: 1, memory: 1Mi } } }]\n";
    const pod = await buildPod({
      'job.yaml': jobYaml.replace('      containers:', `${init}      containers:`),
    });
    assert.equal(pod.securityContext?.runAsNonRoot, true);
    assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
    const all = [...(pod.initContainers ?? []), ...pod.containers];
    assert.deepEqual(
      all.map(({ name }) => name),
      ['uploader', 'stage', 'worker'],
    );
    for (const { securityContext } of all) {
      assert.equal(securityContext?.allowPrivilegeEscalation, false);
      assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
    }
    assert.equal(containerOf(pod, 'uploader').securityContext?.readOnlyRootFilesystem, true);
  });

  test('has no access to the cluster', async () => {
    const pod = await buildPod();
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.enableServiceLinks, false);
  });

  test('runs worker and sidecar under one user and group, which own its volumes', async () => {
    const pod = await buildPod(withTemplate('security: { runAsUser: 4711 }\n'));
    const { runAsUser, runAsGroup, fsGroup } = pod.securityContext ?? {};
    assert.deepEqual(
      { runAsUser, runAsGroup, fsGroup },
      { runAsUser: 4711, runAsGroup: 4711, fsGroup: 4711 },
    );
    for (const container of [containerOf(pod, 'worker'), containerOf(pod, 'uploader')]) {
      assert.equal(container.securityContext?.runAsUser, undefined);
    }
  });

  test('leaves a lost node after the time that is set', async () => {
    const pod = await buildPod();
    const taints = (pod.tolerations ?? []).map(({ key, effect, tolerationSeconds }) => ({
      key,
      effect,
      tolerationSeconds,
    }));
    assert.deepEqual(taints, [
      { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', tolerationSeconds: 30 },
      { key: 'node.kubernetes.io/not-ready', effect: 'NoExecute', tolerationSeconds: 30 },
    ]);
  });

  test('carries its egress class as a label', async () => {
    async function label(files: Files): Promise<unknown> {
      return (await build(files)).spec?.template.metadata?.labels?.['edc-job-provisioner/egress'];
    }
    assert.equal(await label({}), 'store');
    assert.equal(await label(withTemplate('egress: internet\n')), 'internet');
  });

  test('pulls images with the configured secrets and those of the template', async () => {
    assert.deepEqual((await buildPod()).imagePullSecrets, [{ name: 'registry' }]);
    const more = await buildPod(withTemplate('pullSecrets: [other-registry, registry]\n'));
    assert.deepEqual(more.imagePullSecrets, [{ name: 'registry' }, { name: 'other-registry' }]);
  });

  test('with GPUs gets what the configuration says of them', async () => {
    const pod = await buildPod(withTemplate('gpu: 2\n'));
    const { limits, requests } = containerOf(pod, 'worker').resources ?? {};
    assert.equal(limits?.['example.com/gpu'], '2');
    assert.equal(requests?.['example.com/gpu'], '2');
    assert.equal(limits['cpu'], '500m');
    assert.equal(pod.runtimeClassName, 'gpu-runtime');
    assert.deepEqual(pod.nodeSelector, { accelerator: 'yes' });
    assert.ok(pod.tolerations?.some(({ key }) => key === 'gpu'));
    const without = await buildPod();
    assert.deepEqual([without.runtimeClassName, without.nodeSelector], [undefined, undefined]);
  });

  test('mounts a claim read-only unless its author says otherwise', async () => {
    function claim(more: string): Files {
      return {
        'job.yaml': `${jobYaml}      volumes: [{ name: maps, persistentVolumeClaim: { claimName: maps${more} } }]\n`,
      };
    }
    async function readOnly(more: string): Promise<unknown> {
      return volumeOf(await buildPod(claim(more)), 'maps').persistentVolumeClaim?.readOnly;
    }
    assert.equal(await readOnly(''), true);
    assert.equal(await readOnly(', readOnly: false'), false);
  });
});

suite('results', () => {
  test('are a bounded folder on the node whose space is reserved', async () => {
    const pod = await buildPod({
      'template.yaml': templateYaml.replace('  file:', '  storage: { size: 5Gi }\n  file:'),
    });
    assert.deepEqual(volumeOf(pod, 'results').emptyDir, { sizeLimit: '5Gi' });
    assert.equal(containerOf(pod, 'uploader').resources?.requests?.['ephemeral-storage'], '5Gi');
    assert.equal(containerOf(pod, 'uploader').resources?.limits?.['ephemeral-storage'], undefined);
  });

  test('are added to a limit of disk that the worker has, since a pod has their sum', async () => {
    const pod = await buildPod({
      'job.yaml': jobYaml.replace('memory: 64Mi', 'memory: 64Mi\n              ephemeral-storage: 1Gi'),
    });
    assert.equal(containerOf(pod, 'uploader').resources?.limits?.['ephemeral-storage'], '1Gi');
  });

  test('are a volume of their own with a storage class', async () => {
    const pod = await buildPod({
      'template.yaml': templateYaml.replace(
        '  file:',
        '  storage: { size: 5Gi, storageClass: fast }\n  file:',
      ),
    });
    const spec = volumeOf(pod, 'results').ephemeral?.volumeClaimTemplate?.spec;
    assert.equal(spec?.storageClassName, 'fast');
    assert.deepEqual(spec.resources, { requests: { storage: '5Gi' } });
    assert.equal(containerOf(pod, 'uploader').resources?.requests?.['ephemeral-storage'], undefined);
  });

  test('are the one place that worker and sidecar share', async () => {
    const pod = await buildPod({ 'files/run.mjs': 'run()' });
    function mounts(name: string): Record<string, string> {
      return Object.fromEntries(
        (containerOf(pod, name).volumeMounts ?? []).map((mount) => [mount.name, mount.mountPath]),
      );
    }
    assert.deepEqual(mounts('worker'), { results: '/results', files: '/opt/template' });
    assert.deepEqual(mounts('uploader'), {
      results: '/results',
      'sidecar-state': '/run/edc-job-provisioner',
      'store-credentials': '/etc/edc-job-provisioner/store',
    });
  });
});

suite('the worker', () => {
  test('has quantities as the text that a server would hand back', async () => {
    const files = { 'job.yaml': jobYaml.replace('cpu: 500m', 'cpu: ${CPUS}') };
    const { limits } = containerOf(await buildPod(files, { CPUS: 2 }), 'worker').resources ?? {};
    assert.deepEqual(limits, { cpu: '2', memory: '64Mi' });
  });

  test('gets its environment from the ConfigMap, and its secrets from the Secret if there are any', async () => {
    assert.deepEqual(containerOf(await buildPod(), 'worker').envFrom, [
      { configMapRef: { name: 'flow-abc-env' } },
    ]);
    const pod = await buildPod({}, { TOKEN: 'hush' });
    const [environment, secret, ...others] = containerOf(pod, 'worker').envFrom ?? [];
    assert.deepEqual(environment, { configMapRef: { name: 'flow-abc-env' } });
    assert.match(secret?.secretRef?.name ?? '', /^flow-abc-parameters-[0-9a-f]{10}$/);
    assert.deepEqual(others, []);
    assert.ok(!JSON.stringify(pod).includes('hush'));
  });

  test('knows where results belong, and nothing of the store', async () => {
    const worker = containerOf(await buildPod(), 'worker');
    assert.deepEqual(worker.env, [{ name: 'RESULT_DIRECTORY', value: '/results' }]);
    assert.ok(!JSON.stringify(worker).includes('store'));
  });

  test('has its files read-only', async () => {
    const pod = await buildPod({ 'files/run.mjs': 'run()' });
    const mount = containerOf(pod, 'worker').volumeMounts?.find(({ name }) => name === 'files');
    assert.equal(mount?.readOnly, true);
    assert.match(volumeOf(pod, 'files').configMap?.name ?? '', /^files-[0-9a-f]{32}$/);
  });
});

test('the sidecar trusts the authorities beside its keys, if there are any', async () => {
  const job = await build({}, {}, { caFile: '/own/ca.pem' });
  const [sidecar] = job.spec?.template.spec?.initContainers ?? [];
  const found = sidecar?.env?.find(({ name }) => name === 'NODE_EXTRA_CA_CERTS');
  assert.equal(found?.value, '/etc/edc-job-provisioner/store/ca.pem');
});

test('the sidecar is told what it needs, starts first, and lets nobody start before it stands', async () => {
  const pod = await buildPod(withTemplate('limits: { upload: 200 }\n'));
  const [sidecar] = pod.initContainers ?? [];
  assert.equal(sidecar?.name, 'uploader');
  assert.equal(sidecar.restartPolicy, 'Always');
  assert.deepEqual(sidecar.args, ['sidecar']);
  assert.deepEqual(sidecar.startupProbe?.exec?.command, ['test', '-f', '/run/edc-job-provisioner/started']);
  assert.equal(sidecar.terminationMessagePath, '/run/edc-job-provisioner/termination-message');
  const values = Object.fromEntries(
    (sidecar.env ?? []).map(({ name, value, valueFrom }) => [name, value ?? valueFrom?.fieldRef?.fieldPath]),
  );
  assert.deepEqual(values, {
    SIDECAR_RESULTS: '/results',
    SIDECAR_STATE: '/run/edc-job-provisioner',
    SIDECAR_CREDENTIALS: '/etc/edc-job-provisioner/store',
    SIDECAR_FLOW: flow,
    SIDECAR_ATTEMPT: 'metadata.uid',
    SIDECAR_ENDPOINT: 'http://store.pods.test',
    SIDECAR_REGION: 'us-east-1',
    SIDECAR_BUCKET: 'results',
    SIDECAR_GRACE_SECONDS: '200',
    SIDECAR_RELEASE_AFTER_UPLOAD: 'false',
    SIDECAR_TERMINATION_MESSAGE: '/run/edc-job-provisioner/termination-message',
  });
});
