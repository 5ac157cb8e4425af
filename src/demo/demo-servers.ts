/** A cluster and a store for a service that is tried out. */
export interface DemoServers {
  /** Path. */
  kubeconfig: string;
  /** Names the namespace and the bucket, which are made for this run. */
  place: string;
  s3: {
    endpoint: string;
    /** As pods reach it, if that is elsewhere. */
    podEndpoint?: string;
    region: string;
    accessKeyId: string;
    secretAccessKey: string;
    credentials: 'sts' | 'static';
  };
  /** How the cluster calls our own image. */
  sidecarImage: string;
  /** For people. */
  told: { cluster: string; store: string };
  /** With all that a run has left in them. */
  stop(): Promise<void>;
}
