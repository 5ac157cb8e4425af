import type { ConnectorCall, ProbeResult } from '../dialect.ts';
import { optionalManagement, probeEdc, unknownId } from '../edc/probe.ts';
import { buildProvisionedBody, callbackUrl } from './build-messages.ts';
import { classifyAnswer } from './classify-answer.ts';
import { findVaultProblem } from '../edc/vault.ts';
import { usesVault, type DataPlaneConnector } from './settings.ts';

export async function probeDataPlane(
  call: ConnectorCall<DataPlaneConnector>,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const { connector, key } = call;
  const id = unknownId();
  const ids = { flowId: id, provisionResourceId: id };
  const callback = {
    url: callbackUrl(connector.callbackPrefix, { ids }, 'provision'),
    body: buildProvisionedBody({ type: 'HttpData', baseUrl: connector.resultsUrl, method: 'GET' }),
    access: { key },
    classify: classifyAnswer,
  };
  const results = await probeEdc({ call, callback, management: optionalManagement(call) }, signal);
  return [...results, ...(await probeVault(call, signal))];
}

/** Without an access token the check of the token has failed, and says why. */
async function probeVault(
  call: ConnectorCall<DataPlaneConnector>,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const { connector } = call;
  if (!usesVault(connector)) return [];
  const checked = { check: 'vault', address: connector.managementUrl };
  const problem = await findVaultProblem({ ...call, connector }, unknownId(), signal);
  if (problem === undefined) return [{ ...checked, result: 'passed', detail: 'its secrets can be read' }];
  const advice = 'build the connector with the module secrets-api, and check the key of its management API';
  return [{ ...checked, result: 'failed', detail: problem, advice }];
}
