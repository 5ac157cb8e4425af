import type { HealthFinding } from '../../../http/routes/health.ts';
import type { RegistrationState } from './register.ts';

/**
 * The component of `/health`. Broken while a control plane has not taken the registration: it offers nothing of this service. Names of
 * connectors, and problems, which name addresses, are for operators only.
 */
export function describeRegistrations(states: ReadonlyMap<string, RegistrationState>): HealthFinding {
  const counts: Record<RegistrationState['state'], number> = { ok: 0, pending: 0, retrying: 0 };
  for (const { state } of states.values()) counts[state] += 1;
  return {
    broken: counts.retrying > 0,
    shown: { ...counts },
    inside: { connectors: Object.fromEntries(states) },
  };
}
