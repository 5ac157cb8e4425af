import { isLoopback } from '../addresses.ts';
import { rest } from '../flow/flow-request.ts';
import { settingName } from './check-shape.ts';
import type { Config, ConnectorConfig, Findings } from './config.ts';
import { settingsOf } from './settings/connectors.ts';

/** Checks what no single shape can say: how settings fit together, and which values only work on this machine. */
export function checkSettings(config: Config, findings: Findings): void {
  checkTimes(config, findings);
  for (const [path, url] of urlsOf(config)) checkUrl(path, url, findings);
  checkConnectorNames(config.connectors, findings);
  for (const [index, connector] of config.connectors.entries()) checkConnector(connector, index, findings);
  warnOfUnreachable(config, findings);
  warnOfOpenPaths(config, findings);
}

function checkTimes({ http, pods, reconciler }: Config, { problems }: Findings): void {
  const { limits } = pods;
  const ordered = [
    ['http.busyHoldMillis', http.busyHoldMillis, 'http.answerDeadlineMillis', http.answerDeadlineMillis - 1],
    ['pods.limits.run', limits.run, 'pods.limits.maxRun', limits.maxRun],
    ['pods.limits.upload', limits.upload, 'pods.limits.maxUpload', limits.maxUpload],
    [
      'reconciler.backoff.firstMillis',
      reconciler.backoff.firstMillis,
      'reconciler.backoff.maxMillis',
      reconciler.backoff.maxMillis,
    ],
  ] as const;
  for (const [path, value, boundPath, bound] of ordered) {
    if (value > bound) {
      problems.push(
        `${settingName(path.split('.'))}: expected at most ${bound}, because of ${boundPath}, received ${value}`,
      );
    }
  }
}

type NamedUrl = readonly [path: string[], url: string];

function urlsOf({ http, store, connectors }: Config): NamedUrl[] {
  return [
    [['http', 'publicUrl'], http.publicUrl],
    [['store', 'endpoint'], store.endpoint],
    [['store', 'podEndpoint'], store.podEndpoint],
    [['store', 'publicEndpoint'], store.publicEndpoint],
    [['store', 'sts', 'endpoint'], store.sts.endpoint],
    ...connectors.flatMap((connector, index) =>
      [...settingsOf(connector).urls, 'resultsUrl'].flatMap((name): NamedUrl[] => {
        const url = (connector as unknown as Record<string, unknown>)[name];
        return typeof url === 'string' ? [[['connectors', String(index), name], url]] : [];
      }),
    ),
  ];
}

function checkUrl(path: string[], text: string, { problems }: Findings): void {
  const expected = `${settingName(path)}: expected an http:// or https:// URL without user, query and fragment`;
  if (!URL.canParse(text)) {
    problems.push(`${expected}, received ${JSON.stringify(text)}`);
    return;
  }
  const { username, password, search, hash } = new URL(text);
  // The value is not shown: it may hold a password.
  if (username + password + search + hash !== '')
    problems.push(`${expected}, received a URL that has one of them`);
}

function checkConnectorNames(connectors: readonly ConnectorConfig[], { problems }: Findings): void {
  const seen = new Map<string, number>();
  for (const [index, { name }] of connectors.entries()) {
    const first = seen.get(name);
    const where = settingName(['connectors', String(index), 'name']);
    if (first !== undefined)
      problems.push(
        `${where}: expected a name of its own, received "${name}", which connectors[${first}] has`,
      );
    if (name === rest.connector)
      problems.push(`${where}: expected a name other than "${name}", which belongs to flows of the REST API`);
    seen.set(name, first ?? index);
  }
}

function checkConnector(connector: ConnectorConfig, index: number, { problems, warnings }: Findings): void {
  const path = ['connectors', String(index)];
  if (connector.templates.length === 0) {
    problems.push(`${settingName([...path, 'templates'])}: expected at least one name, or *, received []`);
  }
  for (const [member, warning] of Object.entries(settingsOf(connector).warn(connector)))
    warnings.push(`${settingName([...path, member])} ${warning}`);
}

function warnOfUnreachable(config: Config, { warnings }: Findings): void {
  // A service that listens on the loopback alone is not meant to be reached from elsewhere.
  if (isLoopback(config.http.host)) return;
  const handedOut = urlsOf(config).filter(([path]) =>
    /^(publicUrl|publicEndpoint|resultsUrl)$/.test(path.at(-1) ?? ''),
  );
  for (const [path, text] of handedOut) {
    if (!URL.canParse(text)) continue;
    const { hostname } = new URL(text);
    if (isLoopback(hostname) || /\.svc$|\.cluster\.local$/.test(hostname)) {
      warnings.push(
        `${settingName(path)} is ${text}: addresses that start with it are handed out, and cannot be reached from other machines`,
      );
    }
  }
}

function warnOfOpenPaths({ http }: Config, { warnings }: Findings): void {
  if (http.unauthenticated === 'off' || isLoopback(http.host)) return;
  const danger =
    http.unauthenticated === 'on'
      ? 'everybody who reaches this service may start jobs'
      : 'behind a proxy on this machine that sets no X-Forwarded-For, everybody may start jobs';
  warnings.push(
    `${settingName(['http', 'unauthenticated'])} is ${http.unauthenticated}, and http.host is ${http.host}: ${danger}`,
  );
}
