import { fileURLToPath } from 'node:url';

/** Templates for the fixtures of the conformance tests: `kit-sync`, `kit-async`, `kit-complete`, `kit-slow`. */
export const conformanceTemplates = fileURLToPath(new URL('../fixtures/conformance', import.meta.url));

/** The kit chooses a fixture by the dataset. */
export const conformanceSettings = {
  SYNC_DATASETID: 'kit-sync',
  ASYNC_DATASETID: 'kit-async',
  COMPLETE_DATASETID: 'kit-complete',
  SLOW_DATASETID: 'kit-slow',
};

/** The control plane that the tests play, as the service is configured for it. */
export function conformanceConnector(callbackPrefix: string): {
  name: string;
  dialect: string;
  callbackPrefix: string;
  profiles: string[];
  prepareLater: string[];
  completeEmpty: string[];
  didWeb: string;
  tokenRenewal: string;
} {
  const profiles = ['http-pull', 'http-push', 'https://w3id.org/dspace-sig/profile/http-pull'];
  const consumer = { prepareLater: ['kit-async'], completeEmpty: ['kit-complete'], tokenRenewal: 'required' };
  // The kit serves the document of its DID on loopback.
  return { name: 'kit', dialect: 'signaling', callbackPrefix, profiles, didWeb: 'http', ...consumer };
}
