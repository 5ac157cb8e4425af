import { test } from 'node:test';
import type { FailureReason } from '../../src/flow/outcome.ts';
import { assertNeverStarted } from '../support/assert-never-started.ts';
import { startWorld } from '../support/start-world.ts';
import { stuckTemplate, type StuckOptions } from '../support/stuck-template.ts';

interface Case {
  stuck: StuckOptions;
  reason: FailureReason;
  says: RegExp;
}

/** By asset and template. */
const cases: Record<string, Case> = {
  'secret-in-environment': {
    stuck: { worker: { envFrom: [{ secretRef: { name: 'absent' } }] } },
    reason: 'configuration-missing',
    says: /container worker lacks its configuration: .*secret "absent" not found/,
  },
  'config-map-in-environment': {
    stuck: { worker: { envFrom: [{ configMapRef: { name: 'absent' } }] } },
    reason: 'configuration-missing',
    says: /container worker lacks its configuration: .*configmap "absent" not found/,
  },
  // Of which only events tell.
  'secret-among-volumes': {
    stuck: {
      worker: { volumeMounts: [{ name: 'missing', mountPath: '/missing' }] },
      pod: { volumes: [{ name: 'missing', secret: { secretName: 'absent' } }] },
    },
    reason: 'configuration-missing',
    says: /pod lacks its configuration: .*secret "absent" not found/,
  },
  'claim-among-volumes': {
    stuck: {
      worker: { volumeMounts: [{ name: 'maps', mountPath: '/maps', readOnly: true }] },
      pod: {
        volumes: [{ name: 'maps', persistentVolumeClaim: { claimName: 'absent', readOnly: true } }],
      },
    },
    reason: 'volume-not-mounted',
    says: /persistentvolumeclaim "absent" not found/,
  },
  'image-of-no-registry': {
    stuck: { worker: { image: 'registry.invalid/no/such:1' } },
    reason: 'image-not-pulled',
    says: /registry\.invalid\/no\/such:1 of the container worker cannot be pulled: (ErrImagePull|ImagePullBackOff).*pull secrets/,
  },
  'image-in-upper-case': {
    stuck: { worker: { image: 'Upper/Case' } },
    reason: 'image-name-invalid',
    says: /"Upper\/Case" of the container worker is not the name of an image/,
  },
  'image-in-upper-case-with-tag': {
    stuck: { worker: { image: 'Upper/Case:1' } },
    reason: 'image-name-invalid',
    says: /"Upper\/Case:1" of the container worker is not the name of an image/,
  },
  'thousand-processors': {
    stuck: {
      worker: {
        resources: { requests: { cpu: '1000', memory: '32Mi' }, limits: { cpu: '1000', memory: '32Mi' } },
      },
    },
    reason: 'unschedulable',
    says: /waited 4 s\): No node can take the pod: .*Insufficient cpu/,
  },
  'absent-priority-class': {
    stuck: { pod: { priorityClassName: 'absent' } },
    reason: 'admission-refused',
    says: /no PriorityClass with name absent was found/,
  },
};

const pods = {
  allowedSecrets: ['absent'],
  allowedPersistentVolumeClaims: ['absent'],
  pendingLimits: { configuration: 4, volume: 4, unschedulable: 4, admission: 4, imagePull: 5 },
};

test(
  'pods that cannot start end their transfers, each for its own reason and beside the others',
  { concurrency: true },
  async (t) => {
    const templates = Object.fromEntries(
      Object.entries(cases).map(([name, { stuck }]) => [name, stuckTemplate(stuck)]),
    );
    const world = await startWorld(t, { settings: { pods }, templates });
    const scenarios = Object.entries(cases).map(([assetId, { reason, says }]) =>
      t.test(`${assetId}: ${reason}`, async () => {
        const transfer = world.connector().startTransfer({ assetId });
        await assertNeverStarted(world, transfer, { reason, says });
      }),
    );
    await Promise.all(scenarios);
  },
);
