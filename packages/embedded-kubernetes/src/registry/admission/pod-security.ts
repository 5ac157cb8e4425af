import { isRecord } from '../copy.ts';
import { containersOf } from '../kinds/shapes.ts';
import type { ContainerShape, PodSpecShape } from '../kinds/shapes.ts';
import type { KubeObject } from '../types.ts';

type Level = 'privileged' | 'baseline' | 'restricted';

const labels = 'pod-security.kubernetes.io/';

/** What a namespace's labels enforce: the level, and how messages name it. */
export function securityLevelOf(namespace: KubeObject | undefined): { name: Level; text: string } {
  const given = namespace?.metadata.labels?.[`${labels}enforce`];
  const version = namespace?.metadata.labels?.[`${labels}enforce-version`] ?? 'latest';
  const name = given === 'baseline' || given === 'restricted' ? given : 'privileged';
  return { name, text: `${name}:${version}` };
}

interface Check {
  /** Both, unless another check of the stricter level says more. */
  levels: Level[];
  find(spec: PodSpecShape, annotations: Record<string, string>): string | undefined;
}

/** In what a pod goes beyond a level of the Pod Security Standards, in the words of a real server. */
export function securityViolations(
  spec: PodSpecShape,
  level: Level,
  annotations: Record<string, string> = {},
): string[] {
  return checks
    .filter(({ levels }) => levels.includes(level))
    .map((check) => check.find(spec, annotations))
    .filter((violation) => violation !== undefined);
}

const baseline: Level[] = ['baseline'];
const restricted: Level[] = ['restricted'];
const both: Level[] = ['baseline', 'restricted'];

const grantable =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT';
const harmlessVolumes =
  'configMap csi downwardAPI emptyDir ephemeral persistentVolumeClaim projected secret name';

// In the order in which a real server reports them. Not looked at: AppArmor in fields, SELinux, sysctls, /proc, Windows, probes' hosts.
const checks: Check[] = [
  {
    levels: restricted,
    find: (spec) =>
      finding('allowPrivilegeEscalation != false', [
        must(spec, (context) => context['allowPrivilegeEscalation'] === false, {
          what: 'must set securityContext.allowPrivilegeEscalation=false',
        }),
      ]),
  },
  {
    levels: both,
    find: (_spec, annotations) => finding('forbidden AppArmor profiles', unconfined(annotations)),
  },
  {
    levels: baseline,
    find: (spec) => finding('non-default capabilities', addedBeyond(spec, grantable.split(' '))),
  },
  {
    levels: restricted,
    find: (spec) =>
      finding('unrestricted capabilities', [
        must(spec, (context) => capabilities(context, 'drop').includes('ALL'), {
          what: 'must set securityContext.capabilities.drop=["ALL"]',
        }),
        ...addedBeyond(spec, ['NET_BIND_SERVICE']),
      ]),
  },
  {
    levels: both,
    find: (spec) =>
      finding(
        'host namespaces',
        ['hostNetwork', 'hostPID', 'hostIPC'].map((name) =>
          spec[name] === true ? `${name}=true` : undefined,
        ),
      ),
  },
  {
    levels: baseline,
    find: (spec) => {
      const found = (spec.volumes ?? []).filter((volume) => volume['hostPath'] !== undefined);
      const names = found.map(({ name = '' }) => `"${name}"`).join(', ');
      return finding('hostPath volumes', [
        found.length > 0 ? `volume${found.length > 1 ? 's' : ''} ${names}` : undefined,
      ]);
    },
  },
  {
    levels: both,
    find: (spec) =>
      finding(
        'hostPort',
        containersOf(spec).flatMap(({ name, ports = [] }) =>
          ports.map(({ hostPort }) =>
            hostPort ? `container "${name ?? ''}" uses hostPort ${hostPort}` : undefined,
          ),
        ),
      ),
  },
  {
    levels: both,
    find: (spec) =>
      finding('privileged', [
        must(spec, (context) => context['privileged'] !== true, {
          what: 'must not set securityContext.privileged=true',
        }),
      ]),
  },
  {
    levels: restricted,
    find: (spec) => finding('restricted volume types', (spec.volumes ?? []).map(restrictedVolume)),
  },
  {
    levels: restricted,
    find: (spec) =>
      finding('runAsNonRoot != true', [
        must(spec, ({ runAsNonRoot = contextOf(spec)['runAsNonRoot'] }) => runAsNonRoot === true, {
          orPod: true,
          what: 'must set securityContext.runAsNonRoot=true',
        }),
      ]),
  },
  {
    levels: restricted,
    find: (spec) =>
      finding('runAsUser=0', [
        contextOf(spec)['runAsUser'] === 0 ? 'pod must not set runAsUser=0' : undefined,
        must(spec, (context) => context['runAsUser'] !== 0, { what: 'must not set runAsUser=0' }),
      ]),
  },
  {
    levels: baseline,
    find: (spec) =>
      finding('seccompProfile', [
        must(spec, (context) => profileOf(context) !== 'Unconfined', {
          what: 'must not set securityContext.seccompProfile.type to "Unconfined"',
        }),
      ]),
  },
  {
    levels: restricted,
    find: (spec) =>
      finding('seccompProfile', [
        must(
          spec,
          (context) =>
            ['RuntimeDefault', 'Localhost'].includes(profileOf(context) ?? profileOf(contextOf(spec)) ?? ''),
          {
            orPod: true,
            what: 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
          },
        ),
      ]),
  },
];

function finding(title: string, parts: (string | undefined)[]): string | undefined {
  const found = parts.filter((part) => part !== undefined);
  return found.length === 0 ? undefined : `${title} (${found.join('; ')})`;
}

/** `containers "a", "b" must …` for those whose security context does not hold. */
function must(
  spec: PodSpecShape,
  holds: (context: Record<string, unknown>) => boolean,
  { what, orPod = false }: { what: string; orPod?: boolean },
): string | undefined {
  const failing = containersOf(spec).filter((container) => !holds(contextOf(container)));
  if (failing.length === 0) return undefined;
  const names = failing.map(({ name = '' }) => `"${name}"`).join(', ');
  return `${orPod ? 'pod or ' : ''}container${failing.length > 1 ? 's' : ''} ${names} ${what}`;
}

function addedBeyond(spec: PodSpecShape, allowed: string[]): (string | undefined)[] {
  return containersOf(spec).map((container) => {
    const added = capabilities(contextOf(container), 'add').filter((name) => !allowed.includes(name));
    const names = added.map((name) => `"${name}"`).join(', ');
    if (added.length === 0) return undefined;
    return `container "${container.name ?? ''}" must not include ${names} in securityContext.capabilities.add`;
  });
}

const appArmor = 'container.apparmor.security.beta.kubernetes.io/';

/** A real server puts the annotation's profile into the container's field first, and names both. */
function unconfined(annotations: Record<string, string>): string[] {
  return Object.entries(annotations)
    .filter(([name, profile]) => name.startsWith(appArmor) && profile === 'unconfined')
    .map(([name, profile]) => {
      const container = name.slice(appArmor.length);
      return `container "${container}" and annotation must not set AppArmor profile type to "Unconfined", "${name}="${profile}""`;
    });
}

function restrictedVolume(volume: { name?: string; [member: string]: unknown }): string | undefined {
  const type = Object.keys(volume).find((member) => !harmlessVolumes.split(' ').includes(member));
  return type === undefined
    ? undefined
    : `volume "${volume.name ?? ''}" uses restricted volume type "${type}"`;
}

function contextOf({ securityContext }: PodSpecShape | ContainerShape): Record<string, unknown> {
  return isRecord(securityContext) ? securityContext : {};
}

function capabilities(context: Record<string, unknown>, list: 'add' | 'drop'): string[] {
  const given = isRecord(context['capabilities']) ? context['capabilities'][list] : undefined;
  return Array.isArray(given) ? given.map(String) : [];
}

function profileOf({ seccompProfile }: Record<string, unknown>): string | undefined {
  return isRecord(seccompProfile) ? String(seccompProfile['type']) : undefined;
}
