import { ServiceError } from '../errors.ts';

/** The connector that `demo` starts. */
export async function loadConnectorSimulator() {
  return await fromCheckout(() => import('connector-simulator'));
}

/** The cluster that `dev` and `demo` start. */
export async function loadEmbeddedKubernetes() {
  return await fromCheckout(() => import('embedded-kubernetes'));
}

/** The S3 store that `dev` and `demo` start. */
export async function loadEmbeddedS3() {
  return await fromCheckout(() => import('embedded-s3'));
}

/** The packages are in a checkout of the project, and neither in the image nor in what `npm ci --omit=dev` installs of it. */
async function fromCheckout<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    const sentence =
      'this command needs the folder packages/ of the project: run it from a checkout, after `npm ci`.';
    throw new ServiceError('not-found', sentence, { cause: error });
  }
}
