import { shellTemplate } from './shell-template.ts';

/** A little over two parts and a half of the sidecar's. */
export const largeBytes = 20 * 1024 * 1024 + 17;

/** Needs escaping wherever it appears. */
export const largeName = "größe 100%+'x'.bin";

const script = `set -eu
cd "$RESULT_DIRECTORY"
head -c ${largeBytes} /dev/urandom > "${largeName}"
sha256sum < "${largeName}" | cut -d ' ' -f 1 > sha256.txt
`;

/** A template whose worker writes a file that is stored in parts, and its digest. */
export function largeTemplate(dataAddress: 'service' | 'presigned'): Record<string, string> {
  const templateYaml = `description: Writes a large file and its digest.
results:
  directory: /results
  file: "${largeName}"
  storage: { size: 64Mi }
dataAddress: ${dataAddress}
`;
  return { ...shellTemplate({ script }), 'template.yaml': templateYaml };
}
