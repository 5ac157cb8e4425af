import { any, boolean, fields, integer, intOrString, list, map, object, quantity, string } from './schema.ts';
import { objectMeta } from './meta-schema.ts';

const keyReference = object({ name: string, key: string, optional: boolean });
const resourceList = map(quantity);

const environmentVariable = object({
  name: string,
  value: string,
  valueFrom: object({
    fieldRef: object({ apiVersion: string, fieldPath: string }),
    resourceFieldRef: object({ containerName: string, resource: string, divisor: quantity }),
    configMapKeyRef: keyReference,
    secretKeyRef: keyReference,
  }),
});

const environmentSource = object({
  prefix: string,
  configMapRef: object({ name: string, optional: boolean }),
  secretRef: object({ name: string, optional: boolean }),
});

const handler = {
  exec: object({ command: list(string) }),
  httpGet: object({ path: string, port: intOrString, host: string, scheme: string, httpHeaders: list(any) }),
  tcpSocket: object({ port: intOrString, host: string }),
};

const probe = object({
  ...handler,
  grpc: any,
  ...fields(
    integer,
    'initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold terminationGracePeriodSeconds',
  ),
});

const capabilities = object({ add: list(string), drop: list(string) });

const container = object({
  ...fields(
    string,
    'name image workingDir restartPolicy terminationMessagePath terminationMessagePolicy imagePullPolicy',
  ),
  ...fields(boolean, 'stdin stdinOnce tty'),
  ...fields(probe, 'livenessProbe readinessProbe startupProbe'),
  command: list(string),
  args: list(string),
  env: list(environmentVariable, 'name'),
  envFrom: list(environmentSource),
  ports: list(
    object({ containerPort: integer, hostPort: integer, ...fields(string, 'name protocol hostIP') }),
    'containerPort',
  ),
  resources: object({ limits: resourceList, requests: resourceList, claims: list(any, 'name') }),
  resizePolicy: list(any),
  restartPolicyRules: any,
  volumeMounts: list(
    object({
      ...fields(string, 'name mountPath subPath subPathExpr mountPropagation recursiveReadOnly'),
      readOnly: boolean,
    }),
    'mountPath',
  ),
  volumeDevices: list(any, 'devicePath'),
  lifecycle: object({
    postStart: object({ ...handler, sleep: any }),
    preStop: object({ ...handler, sleep: any }),
    stopSignal: string,
  }),
  securityContext: object({
    ...fields(boolean, 'privileged readOnlyRootFilesystem allowPrivilegeEscalation runAsNonRoot'),
    ...fields(integer, 'runAsUser runAsGroup'),
    ...fields(any, 'seLinuxOptions windowsOptions seccompProfile appArmorProfile'),
    capabilities,
    procMount: string,
  }),
});

const items = list(object({ key: string, path: string, mode: integer }));

const projection = object({
  configMap: object({ name: string, items, optional: boolean }),
  secret: object({ name: string, items, optional: boolean }),
  ...fields(any, 'downwardAPI serviceAccountToken clusterTrustBundle podCertificate'),
});

const volume = object({
  name: string,
  emptyDir: object({ medium: string, sizeLimit: quantity }),
  configMap: object({ name: string, items, defaultMode: integer, optional: boolean }),
  secret: object({ secretName: string, items, defaultMode: integer, optional: boolean }),
  projected: object({ sources: list(projection), defaultMode: integer }),
  ...fields(
    any,
    'downwardAPI ephemeral hostPath persistentVolumeClaim csi nfs iscsi fc image glusterfs rbd cephfs',
  ),
});

export const podSpec = object({
  ...fields(
    string,
    'restartPolicy dnsPolicy serviceAccountName serviceAccount nodeName hostname subdomain schedulerName priorityClassName runtimeClassName preemptionPolicy hostnameOverride',
  ),
  ...fields(
    boolean,
    'automountServiceAccountToken hostNetwork hostPID hostIPC hostUsers shareProcessNamespace enableServiceLinks setHostnameAsFQDN',
  ),
  ...fields(integer, 'terminationGracePeriodSeconds activeDeadlineSeconds priority'),
  ...fields(any, 'affinity dnsConfig readinessGates os resources'),
  containers: list(container, 'name'),
  initContainers: list(container, 'name'),
  ephemeralContainers: list(any, 'name'),
  volumes: list(volume, 'name'),
  nodeSelector: map(string),
  imagePullSecrets: list(object({ name: string }), 'name'),
  hostAliases: list(object({ ip: string, hostnames: list(string) }), 'ip'),
  tolerations: list(object({ ...fields(string, 'key operator value effect'), tolerationSeconds: integer })),
  topologySpreadConstraints: list(any, 'topologyKey'),
  schedulingGates: list(any, 'name'),
  resourceClaims: list(any, 'name'),
  overhead: resourceList,
  securityContext: object({
    ...fields(integer, 'runAsUser runAsGroup fsGroup'),
    ...fields(string, 'fsGroupChangePolicy supplementalGroupsPolicy seLinuxChangePolicy'),
    ...fields(any, 'seLinuxOptions windowsOptions seccompProfile appArmorProfile sysctls'),
    runAsNonRoot: boolean,
    supplementalGroups: list(integer),
  }),
});

export const podTemplate = object({ metadata: objectMeta, spec: podSpec });

const conditions = list(any, 'type');

export const podStatus = object({
  ...fields(string, 'phase message reason nominatedNodeName hostIP podIP startTime qosClass resize'),
  ...fields(any, 'hostIPs resourceClaimStatuses extendedResourceClaimStatus'),
  ...fields(list(any), 'containerStatuses initContainerStatuses ephemeralContainerStatuses'),
  observedGeneration: integer,
  conditions,
  podIPs: list(any, 'ip'),
});
