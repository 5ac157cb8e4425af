import { Type } from 'typebox';
import { closed } from '../../schemas/kinds.ts';
import { dnsLabel, integer, text } from './kinds.ts';

export const ClusterSettings = closed({
  kubeconfig: Type.Optional(
    text({
      description: 'Path of a kubeconfig. Default: the credentials of the pod, else those of kubectl.',
    }),
  ),
  context: Type.Optional(text({ description: 'Context in the kubeconfig. Default: its current one.' })),
  // Not the service's own namespace: whoever may make pods there could read the service's secrets.
  namespace: dnsLabel({ default: 'edc-jobs', description: 'Namespace of the Jobs.' }),
  requestTimeoutMillis: integer(
    { min: 100, max: 120_000, default: 10_000 },
    'Time for one request to the API server.',
  ),
});
