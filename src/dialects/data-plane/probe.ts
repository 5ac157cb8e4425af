import type { ConnectorCall, ProbeResult } from '../dialect.ts';
import { managementAccess } from '../edc/management-access.ts';
import { probeEdc, unknownId, type EdcProbe } from '../edc/probe.ts';
import { buildProvisionedBody, callbackUrl } from './build-messages.ts';
import { classifyAnswer } from './classify-answer.ts';
import type { DataPlaneConnector } from './settings.ts';

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
  return await probeEdc({ call, callback, management: managementOf(call) }, signal);
}

function managementOf(call: ConnectorCall<DataPlaneConnector>): EdcProbe['management'] {
  const { connector, managementKey } = call;
  const { managementUrl, managementVersion } = connector;
  if (managementUrl === undefined)
    return { skipped: 'managementUrl is not set: a transfer that ends is not noticed' };
  return {
    api: { managementUrl, managementVersion },
    access: managementAccess(connector, managementKey, call),
    versions: ['v3', 'v4'],
    variable: 'MANAGEMENT_KEY',
  };
}
