/** Settings: may be logged, printed and mounted as a file. Times end in their unit. */
export interface Config {
  http: HttpConfig;
  cluster: ClusterConfig;
  store: StoreConfig;
  connectors: ConnectorConfig[];
  templates: { directory: string };
  images: ImagesConfig;
  pods: PodsConfig;
  reconciler: ReconcilerConfig;
  results: ResultsConfig;
  log: { level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent' };
}

export interface HttpConfig {
  host: string;
  port: number;
  /** `/metrics` has a port of its own, and is on no other. */
  metricsPort?: number;
  /** For people: where this service is reached from outside. */
  publicUrl: string;
  /** An answer is flushed within this or the socket is destroyed: a silent provisioner blocks all of a connector's transfers. */
  answerDeadlineMillis: number;
  /** While draining: unready but serving, before the listener closes. */
  drainMillis: number;
  /** After the listener closed: for what still runs. */
  shutdownMillis: number;
  /** A 503 of ours is held this long, since a connector repeats it at once. */
  busyHoldMillis: number;
  bodyLimitBytes: number;
  /** Who may use `POST /provision` and `GET /demo`, which need no connector's token. */
  bare: 'off' | 'loopback' | 'on';
}

export interface ClusterConfig {
  /** Path; absent: in-cluster credentials, else the client's defaults. */
  kubeconfig?: string;
  context?: string;
  /** Where the Jobs live: not the service's own namespace. */
  namespace: string;
  requestTimeoutMillis: number;
}

export interface StoreConfig {
  /** As the service reaches it. */
  endpoint: string;
  /** As the pods reach it; default: endpoint. */
  podEndpoint: string;
  /** As receivers of presigned addresses reach it; default: endpoint. */
  publicEndpoint: string;
  region: string;
  bucket: string;
  /** `sts`: keys per flow by AssumeRole; `static`: the service's own keys go to the pods. */
  credentials: 'sts' | 'static';
  /** Where keys are minted; defaults: the store's own endpoint and region, and no role. */
  sts: { endpoint: string; region: string; roleArn?: string };
  /** Life of minted keys, 900 to 43,200. */
  credentialSeconds: number;
  requestTimeoutMillis: number;
}

export interface ConnectorConfig {
  name: string;
  dialect: 'control-plane';
  /** A request's callbackAddress must start with this (whole path segments). */
  callbackPrefix: string;
  /** `plain` property names for EDC milestones 6 to 8. */
  addressNames: 'prefixed' | 'plain';
  /** Base of the management API; default: callbackPrefix without its final `/callback`. */
  managementUrl: string;
  /** Path segment of the management API: `v2` up to EDC 0.6, `v3` from 0.7, `v4` from 0.18; `none`: cannot be told of a failure. */
  managementVersion: 'v2' | 'v3' | 'v4' | 'none';
  /** Names, or `*`. */
  templates: string[];
  /** Base of data addresses handed to this connector; default: http.publicUrl. */
  resultsUrl: string;
}

export interface ImagesConfig {
  /** Our own image: the sidecar's. */
  sidecar: string;
  sidecarPullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Image names or prefixes ending in `*` that templates may use; `*` allows all. */
  allow: string[];
  /** imagePullSecrets of every pod. */
  pullSecrets: string[];
  /** More of them that templates may name. */
  allowedPullSecrets: string[];
}

export interface PodsConfig {
  runAsUser: number;
  allowedSecrets: string[];
  allowedPersistentVolumeClaims: string[];
  allowedStorageClasses: string[];
  sidecar: { cpuRequest: string; cpuLimit: string; memoryRequest: string; memoryLimit: string };
  /** What `GPU` in a template becomes. */
  gpu: {
    resource: string;
    runtimeClassName?: string;
    nodeSelector: Record<string, string>;
    tolerations: { key?: string; operator?: string; value?: string; effect?: string }[];
  };
  /** Egress classes a template may name beside `store` and `internet`. */
  egressClasses: string[];
  /** Defaults and upper bounds of a template's limits, seconds. */
  limits: {
    pending: number;
    run: number;
    upload: number;
    stopGrace: number;
    maxRun: number;
    maxUpload: number;
  };
  /** How long a cause that keeps a pod from starting is borne with, seconds; never longer than the template's pending limit. */
  pendingLimits: {
    imagePull: number;
    unschedulable: number;
    quota: number;
    admission: number;
    configuration: number;
    volume: number;
  };
  /** A pod is given up so long after its node was found to be unreachable. */
  unreachableSeconds: number;
  retentionSeconds: number;
}

export interface ReconcilerConfig {
  /** Of this process, in the Lease. */
  identity: string;
  leaseName: string;
  leaseSeconds: number;
  concurrency: number;
  /** Together with the answer deadline: how long after an answer no callback leaves (contract: a callback that overtakes its answer gives wrong bytes). */
  settleMillis: number;
  inheritedMillis: number;
  /** Full list as truth, however well the watch seems. */
  relistSeconds: number;
  backoff: { firstMillis: number; maxMillis: number };
  deliveryTimeoutMillis: number;
  /** Until telling an outcome is given up. */
  deliverySeconds: number;
  /** A tombstone is kept this long after the results' end. */
  tombstoneSeconds: number;
  /** A Secret with parameters whose Job never came is deleted after this. */
  orphanSeconds: number;
  sweepSeconds: number;
  /** Between two polls of a connector about the transfers of its flows under way; 0: none. */
  transferPollSeconds: number;
}

export interface ResultsConfig {
  /** Validity of a data address that is not deprovisioned before. */
  addressSeconds: number;
  /** Result bodies that one process sends at once. */
  maxDownloads: number;
}

/** From the environment alone, never logged, never in the same object as settings. */
export interface Secrets {
  store: { accessKeyId: string; secretAccessKey: string };
  /** By connector name. Two tokens are valid during rotation; the key is the connector's management key. */
  connectors: Record<string, { tokens: string[]; key: string | undefined }>;
  /** HMAC keys of result addresses; the first one signs, all verify. */
  resultKeys: { id: string; key: string }[];
}
