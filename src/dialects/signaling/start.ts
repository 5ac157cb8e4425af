import { createRedactor, listSecrets } from '../../redact-secrets.ts';
import type { StartDeps, StartedDialect } from '../dialect.ts';
import { createCallbackTokens } from './authorization/callback-tokens.ts';
import { createControlPlanes } from './control-planes.ts';
import { deliver } from './deliver.ts';
import { registrationTargets } from './registration-targets.ts';
import { controlPlaneRoutes } from './registration/control-planes.ts';
import { describeRegistrations } from './registration/describe-registrations.ts';
import { startRegistrations } from './registration/register.ts';
import { createClientVerifier } from './renewal/client-token.ts';
import { renewalRoutes } from './renewal/routes.ts';
import { dataFlowRoutes } from './routes.ts';
import type { SignalingConnector } from './settings.ts';

/** Knows the control planes, and keeps this data plane registered at those that the settings name. */
export function startSignaling(deps: StartDeps<SignalingConnector>): StartedDialect<SignalingConnector> {
  const { config, secrets, dispatcher, metrics, log, now, stopping } = deps;
  const timeoutMillis = config.reconciler.deliveryTimeoutMillis;
  const source = { dispatcher, timeoutMillis, now, stopping };
  const controlPlanes = createControlPlanes(deps);
  const callbacks = { controlPlanes, tokens: createCallbackTokens(source) };
  const verifyClient = createClientVerifier({ dispatcher, log, stopping, now });
  const targets = registrationTargets({ ...deps, source });
  const registrations = startRegistrations(
    targets,
    {
      ...{ dispatcher, log, now },
      redact: createRedactor(listSecrets(secrets)),
      count(connector, result) {
        metrics.registrations.inc({ connector, result });
      },
    },
    stopping,
  );
  return {
    routes: (routeDeps) => [
      ...dataFlowRoutes({ ...routeDeps, identify: controlPlanes.identify }),
      ...controlPlaneRoutes({ ...routeDeps, ...controlPlanes }),
      ...renewalRoutes({ ...routeDeps, verifyClient }),
    ],
    deliver: (delivery, signal) => deliver({ ...delivery, callbacks }, signal),
    components:
      targets.length === 0
        ? {}
        : { registrations: () => Promise.resolve(describeRegistrations(registrations.states())) },
    ended: registrations.ended,
  };
}
