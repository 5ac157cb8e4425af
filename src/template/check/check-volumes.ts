import type { Volume } from '../../kubernetes/types.ts';
import { podPath } from './check-containers.ts';
import type { Report } from '../read/source.ts';
import { reportBelow, type JobContext, isOurs, refuseOurs, refuseSecret } from './context.ts';

/** Names of the volumes that the service adds, the second ones for inputs. */
const reservedNames = ['results', 'sidecar-state', 'store-credentials', 'files'];
const inputNames = ['inputs', 'input-urls'];
const kinds = ['emptyDir', 'configMap', 'ephemeral', 'secret', 'persistentVolumeClaim'];

export function checkVolumes(context: JobContext): void {
  const names = new Set<string>();
  const reserved = [...reservedNames, ...(context.template.inputs.length > 0 ? inputNames : [])];
  for (const [index, volume] of (context.sample.spec?.template.spec?.volumes ?? []).entries()) {
    const report = reportBelow([...podPath, 'volumes', index], context);
    if (reserved.includes(volume.name)) report(['name'], `"${volume.name}" is a volume of the service`);
    if (names.has(volume.name)) report(['name'], `"${volume.name}" is the name of another volume`);
    names.add(volume.name);
    const given = kinds.filter((kind) => kind in volume);
    if (given.length !== 1) {
      report([], `expected one of ${kinds.join(', ')}, received ${given.join(' and ') || 'none'}`);
    }
    checkReferences(volume, context.settings.pods, report);
  }
}

type Allowed = JobContext['settings']['pods'];

/** Objects outside the Job can be used only if the configuration allows their names. */
function checkReferences(volume: Volume, allowed: Allowed, report: Report): void {
  const { configMap, secret, persistentVolumeClaim: claim, ephemeral } = volume;
  if (isOurs(configMap?.name)) report(['configMap'], refuseOurs(configMap?.name));
  if (secret !== undefined && !isAmong(allowed.allowedSecrets, secret.secretName)) {
    report(['secret'], refuseSecret(secret.secretName));
  }
  if (claim !== undefined && !isAmong(allowed.allowedPersistentVolumeClaims, claim.claimName)) {
    const reason = `the claim "${claim.claimName}" is not among pods.allowedPersistentVolumeClaims of the configuration`;
    report(['persistentVolumeClaim'], reason);
  }
  checkStorageClass(ephemeral?.volumeClaimTemplate?.spec.storageClassName, allowed, report);
}

/** Without a name the cluster uses its default. */
function checkStorageClass(name: string | undefined, allowed: Allowed, report: Report): void {
  if (name === undefined || isAmong(allowed.allowedStorageClasses, name)) return;
  report(['ephemeral'], `"${name}" is not among pods.allowedStorageClasses of the configuration`);
}

function isAmong(names: readonly string[], name: string | undefined): boolean {
  return name !== undefined && names.includes(name);
}
