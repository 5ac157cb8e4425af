import type { ConnectorCall, ProbeResult } from '../dialect.ts';
import { managementAccess } from '../edc/management-access.ts';
import { probeEdc, unknownId } from '../edc/probe.ts';
import { buildProvisionedBody, callbackUrl } from './build-messages.ts';
import { classifyAnswer } from './classify-answer.ts';
import type { ControlPlaneConnector } from './settings.ts';

export async function probeControlPlane(
  call: ConnectorCall<ControlPlaneConnector>,
  signal: AbortSignal,
): Promise<ProbeResult[]> {
  const { connector, key } = call;
  const id = unknownId();
  const request = { ids: { transferProcessId: id, resourceDefinitionId: id }, assetId: id };
  const address = { type: 'HttpData', baseUrl: connector.resultsUrl, method: 'GET' } as const;
  const access = managementAccess(connector, key, call);
  const callback = {
    url: callbackUrl(connector.callbackPrefix, request),
    body: buildProvisionedBody(request, address, connector),
    access,
    classify: classifyAnswer,
  };
  const management =
    connector.managementVersion === 'none'
      ? { skipped: 'managementVersion is none: no failure can be delivered' }
      : ({ api: connector, access, versions: ['v2', 'v3', 'v4'], variable: 'KEY' } as const);
  return await probeEdc({ call, callback, management }, signal);
}
