import type { UploadRouteDeps } from '../../../src/http/routes/api/uploads/upload-routes.ts';

/** For tests in which nobody sends a file. */
export const noInputFiles = new Proxy({} as UploadRouteDeps['inputFiles'], {
  get: () => {
    throw new Error('not expected');
  },
});
