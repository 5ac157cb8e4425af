import type { ConnectorCall, ProbeResult } from '../dialect.ts';
import { optionalManagement, probeEdc, unknownId } from '../edc/probe.ts';
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
  return await probeEdc({ call, callback, management: optionalManagement(call) }, signal);
}
