import { buildUploadResource, readUploadResource } from '../../cluster-objects/secrets.ts';
import { messageOf } from '../../errors.ts';
import { sinkSecretName } from '../../flow/names.ts';
import type { Sink } from '../../flow/push.ts';
import type { Secret } from '../../kubernetes/types.ts';
import { flowLogger } from '../../log.ts';
import type { Push } from '../../transfer/types.ts';
import type { ReconcilerDependencies } from '../reconciler.ts';

type Deps = Pick<ReconcilerDependencies, 'cluster' | 'log'>;

interface Kept {
  flow: string;
  sink: Sink;
  secret: Secret;
}

/**
 * A push that another process continues queries the upload resource for the offset. The flow's Secret keeps it, since its address may be
 * enough to write there. Without it, an interruption costs the bytes that were sent before.
 */
export function keepUpload(
  { cluster, log }: Deps,
  { flow, sink, secret }: Kept,
  signal: AbortSignal,
): Pick<Push, 'uploadResource' | 'onUploadResource'> {
  return {
    uploadResource: readUploadResource(secret, sink),
    onUploadResource(resource) {
      cluster.secrets
        .patch(sinkSecretName(flow), buildUploadResource(sink, resource), signal)
        .catch((error: unknown) => {
          if (!signal.aborted)
            flowLogger(log, flow).warn({ problem: messageOf(error) }, 'upload resource not saved');
        });
    },
  };
}
