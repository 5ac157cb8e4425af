import { ServiceError } from '../errors.ts';

export async function loadConnectorSimulator() {
  return await fromCheckout(() => import('connector-simulator'));
}

export async function loadEmbeddedKubernetes() {
  return await fromCheckout(() => import('embedded-kubernetes'));
}

export async function loadEmbeddedS3() {
  return await fromCheckout(() => import('embedded-s3'));
}

/** The packages exist in a checkout of the project only: neither the image nor `npm ci --omit=dev` has them. */
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
