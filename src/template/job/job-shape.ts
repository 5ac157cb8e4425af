import {
  compileAtFirstUse,
  describeSchemaErrors,
  ownMember,
  type SchemaProblem,
} from '../../schemas/schema-problem.ts';
import { JobSchema } from './job-schema.ts';
import type { Job } from '../../kubernetes/types.ts';
import { templateMember } from '../read/source.ts';
import { repair } from '../repair.ts';

const validator = compileAtFirstUse<Job>(JobSchema);

/** Members of a wrong type, and members that a template may not set. */
export function findJobShapeProblems(job: unknown): Pick<SchemaProblem, 'path' | 'reason'>[] {
  const validate = validator();
  if (validate(job)) return [];
  const checked = { schema: JobSchema, value: job, noun: templateMember };
  return describeSchemaErrors(validate.errors, checked).map(({ path, keyword, reason }) => {
    const member = path.at(-1);
    // Some members are refused with their own reason instead of the schema's.
    const refusal =
      typeof member === 'string' && keyword !== 'required' ? ownMember(refusals, member) : undefined;
    return { path, reason: refusal ?? reason };
  });
}

/** The Job without its wrong members, so that the rest can be checked. */
export function repairJob(job: unknown): Job | undefined {
  return repair(JobSchema, validator(), job);
}

const otherVolume =
  'is not a volume for templates; use emptyDir, configMap, ephemeral, secret or persistentVolumeClaim';
const byService = 'is set by the service and may not be written in a template';

/** Why a usual member of a Job is refused in a template. */
const refusals: Record<string, string> = {
  hostPath: 'is not allowed: a worker must not see the node’s files',
  hostNetwork: 'is not allowed: a worker must not share the node’s network',
  hostPID: 'is not allowed: a worker must not see the node’s processes',
  hostIPC: 'is not allowed: a worker must not share the node’s memory segments',
  hostPort: 'is not allowed: a worker must not share the node’s network',
  hostUsers: 'is not allowed: the service decides about user namespaces',
  privileged: 'is not allowed: containers run unprivileged',
  allowPrivilegeEscalation: 'is not allowed: containers run unprivileged',
  add: 'is not allowed: containers run without any capability',
  runAsUser: 'is set by the service for all containers alike; use security.runAsUser in template.yaml',
  runAsGroup: 'is set by the service for all containers alike; use security.runAsUser in template.yaml',
  fsGroup: 'is set by the service for all volumes alike; use security.runAsUser in template.yaml',
  runAsNonRoot: 'is not allowed: containers do not run as root',
  seccompProfile: byService,
  ttlSecondsAfterFinished:
    'is not allowed: it would delete the ended Job too early; use retention in template.yaml',
  activeDeadlineSeconds: `${byService}; use limits in template.yaml`,
  terminationGracePeriodSeconds: `${byService}; use limits.upload in template.yaml`,
  backoffLimit: `${byService}: a worker that failed is not run again`,
  podFailurePolicy: byService,
  podReplacementPolicy: byService,
  suspend: byService,
  finalizers: byService,
  ownerReferences: byService,
  serviceAccountName: 'is not allowed: a worker has no access to the cluster',
  serviceAccount: 'is not allowed: a worker has no access to the cluster',
  automountServiceAccountToken: 'is not allowed: a worker has no access to the cluster',
  imagePullSecrets: 'is written in template.yaml, as pullSecrets',
  projected: otherVolume,
  csi: otherVolume,
  nfs: otherVolume,
};
