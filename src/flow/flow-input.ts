/** Inputs of one template: their keys share one session policy, which S3 servers limit to 2,048 characters. */
export const mostInputs = 8;

/** Where the worker finds the files of its inputs. */
export const inputsDirectory = '/inputs';

/**
 * A file that the sidecar fetches before the worker starts, as it was when the request was accepted: the Job keeps it. It holds no secret.
 */
export type FlowInput = {
  name: string;
  /** Absolute, in the worker. */
  path: string;
  /** No file of the template's input may be larger. */
  maxBytes: number;
  /** Hex; absent if nobody has said it. */
  sha256?: string;
} & InputSource;

export type InputSource =
  /** An object of the store; `bucket` is absent if it is the service's own. */
  | { key: string; bucket?: string; etag: string; size: number }
  /** Of a URL the Job keeps the host alone, since the rest may hold a secret. */
  | { host: string };

/** The sidecar's variable that lists the inputs; absent without any. */
export const inputsVariable = 'SIDECAR_INPUTS';

/** The variable in the worker's environment that has the path of the input. */
export function inputVariable(name: string): string {
  return `INPUT_${name.toUpperCase().replaceAll('-', '_')}`;
}

export function inputPath(file: string): string {
  return `${inputsDirectory}/${file}`;
}

/** The most bytes that the input can have. */
export function inputBytes(input: FlowInput): number {
  return 'key' in input ? input.size : input.maxBytes;
}
