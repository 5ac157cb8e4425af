const prefix = 'edc-job-provisioner';

export const managedByLabel = 'app.kubernetes.io/managed-by';
export const managedBy = 'edc-job-provisioner';

/** On Job, pods, ConfigMap and Secrets: the flow's id. */
export const flowLabel = `${prefix}/flow`;
export const templateLabel = `${prefix}/template`;
export const connectorLabel = `${prefix}/connector`;
/**
 * On the Job: its `FlowState`. The informer selects all but `closed`, so that memory follows what runs.
 */
export const stateLabel = `${prefix}/state`;
/** On pods: which NetworkPolicy applies. */
export const egressLabel = `${prefix}/egress`;

/** On the Job until the outcome is delivered; on pods until the attempt's end is written on the Job. */
export const outcomeFinalizer = `${prefix}/outcome`;
export const evidenceFinalizer = `${prefix}/evidence`;

/** On Secrets of env files: whose file it is, and its version. */
export const envFileLabel = `${prefix}/env-file`;
export const envFileVersionLabel = `${prefix}/env-file-version`;

/** Annotation of an object that flows share: when the last flow was accepted that may need it. RFC 3339. */
export const usedAtAnnotation = `${prefix}/used-at`;

export const openFlowsSelector = `${flowLabel},${stateLabel}!=closed`;

/** On pods whose end is not saved on the Job yet: the pod informer selects by it. It is removed together with the finalizer. */
export const evidenceLabel = `${prefix}/evidence`;
export const evidencePodsSelector = `${evidenceLabel}=held`;
/** The pods of flows among them: the reconciler observes these. */
export const observedPodsSelector = `${flowLabel},${evidencePodsSelector}`;
