import type { Volume } from '../../kubernetes/types.ts';
import type { Path } from '../placeholders.ts';
import { problemAt } from '../read/source.ts';
import type { TemplateProblem } from '../template.ts';
import { podPath } from './check-containers.ts';
import { isOurs, refuseOurs, refuseSecret } from './check-environment.ts';
import type { JobContext } from './context.ts';

/** Names of the volumes that the service adds. */
const reservedNames = ['results', 'sidecar-state', 'store-credentials', 'files'];

export function checkVolumes({ sample, sources, settings }: JobContext, problems: TemplateProblem[]): void {
  const names = new Set<string>();
  for (const [index, volume] of (sample.spec?.template.spec?.volumes ?? []).entries()) {
    const path = [...podPath, 'volumes', index];
    const report = (below: Path, reason: string): void => {
      const at = [...path, ...below];
      problems.push(problemAt(sources.job, at, `${at.join('.')}: ${reason}`));
    };
    if (reservedNames.includes(volume.name))
      report(['name'], `"${volume.name}" is a volume of the service's own`);
    if (names.has(volume.name)) report(['name'], `"${volume.name}" is the name of another volume`);
    names.add(volume.name);
    const kinds = Object.keys(volume).filter((member) => member !== 'name');
    if (kinds.length !== 1)
      report(
        [],
        `expected one of emptyDir, configMap, ephemeral, secret, persistentVolumeClaim, received ${kinds.join(' and ') || 'none'}`,
      );
    checkSource(volume, settings.pods, report);
  }
}

function checkSource(
  { secret, configMap, persistentVolumeClaim: claim, ephemeral }: Volume,
  pods: JobContext['settings']['pods'],
  report: (below: Path, reason: string) => void,
): void {
  if (secret !== undefined && !pods.allowedSecrets.includes(secret.secretName ?? '')) {
    report(['secret'], refuseSecret(secret.secretName ?? ''));
  }
  if (isOurs(configMap?.name)) report(['configMap'], refuseOurs(configMap?.name ?? ''));
  if (claim !== undefined && !pods.allowedPersistentVolumeClaims.includes(claim.claimName)) {
    const reason = `the claim "${claim.claimName}" is not among pods.allowedPersistentVolumeClaims of the configuration`;
    report(['persistentVolumeClaim'], reason);
  }
  const storageClass = ephemeral?.volumeClaimTemplate?.spec.storageClassName;
  if (storageClass !== undefined && !pods.allowedStorageClasses.includes(storageClass)) {
    report(['ephemeral'], `"${storageClass}" is not among pods.allowedStorageClasses of the configuration`);
  }
}
