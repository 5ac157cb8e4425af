import { closed } from '../../schemas/kinds.ts';
import { choice, names, text } from './kinds.ts';

export const ImagesSettings = closed({
  sidecar: text({
    default: 'edc-job-provisioner:latest',
    description: 'The service’s own image, which is also the sidecar’s.',
  }),
  sidecarPullPolicy: choice(['Always', 'IfNotPresent', 'Never'], {
    default: 'IfNotPresent',
    description: 'imagePullPolicy of the sidecar.',
  }),
  allow: names({
    default: ['*'],
    description: 'Images that templates may use: names, or prefixes that end in `*`.',
  }),
  pullSecrets: names({ default: [], description: 'imagePullSecrets of every pod.' }),
  allowedPullSecrets: names({
    default: [],
    description: 'Further imagePullSecrets that templates may name.',
  }),
});
