import { isLoopback } from '../addresses.ts';
import { rest } from '../flow/flow-request.ts';
import { settingName } from './check-shape.ts';
import { localCallerName } from './settings/api.ts';
import type { Config, ConnectorConfig, Findings } from './config.ts';
import { settingsOf } from './settings/connectors.ts';

/** Checks what no single shape can say: how settings fit together, and which values only work on this machine. */
export function checkSettings(config: Config, findings: Findings): void {
  checkTimes(config, findings);
  for (const [path, url] of urlsOf(config)) checkUrl(path, url, findings);
  checkConnectorNames(config.connectors, findings);
  for (const [index, connector] of config.connectors.entries()) checkConnector(connector, index, findings);
  warnOfUnreachable(config, findings);
  checkInputs(config, findings);
  checkKeys(config, findings);
  checkOpenPaths(config, findings);
}

/** Adds a problem of the setting at this path. */
function refuse(path: readonly string[], reason: string, { problems }: Findings): void {
  problems.push(`${settingName(path)}: ${reason}`);
}

function checkTimes(
  { http, pods: { limits }, reconciler: { backoff }, uploads }: Config,
  findings: Findings,
): void {
  const ordered = [
    ['http.busyHoldMillis', http.busyHoldMillis, 'http.answerDeadlineMillis', http.answerDeadlineMillis - 1],
    ['pods.limits.run', limits.run, 'pods.limits.maxRun', limits.maxRun],
    ['pods.limits.upload', limits.upload, 'pods.limits.maxUpload', limits.maxUpload],
    [
      'reconciler.backoff.firstMillis',
      backoff.firstMillis,
      'reconciler.backoff.maxMillis',
      backoff.maxMillis,
    ],
    ['uploads.totalSeconds', uploads.totalSeconds, 'uploads.keepSeconds', uploads.keepSeconds],
  ] as const;
  for (const [path, value, boundPath, bound] of ordered) {
    const reason = `expected at most ${bound}, because of ${boundPath}, received ${value}`;
    if (value > bound) refuse(path.split('.'), reason, findings);
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
        const path = name.split('.');
        const url = path.reduce<unknown>(memberOf, connector);
        return typeof url === 'string' ? [[['connectors', String(index), ...path], url]] : [];
      }),
    ),
  ];
}

function memberOf(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | undefined)?.[name];
}

function checkUrl(path: string[], text: string, findings: Findings): void {
  const expected = 'expected an http:// or https:// URL without user, query and fragment';
  const url = URL.parse(text);
  if (url === null) refuse(path, `${expected}, received ${JSON.stringify(text)}`, findings);
  // The value is not shown: it may hold a password.
  else if (url.username + url.password + url.search + url.hash !== '')
    refuse(path, `${expected}, received a URL that has one of them`, findings);
}

function checkConnectorNames(connectors: readonly ConnectorConfig[], findings: Findings): void {
  const seen = new Map<string, number>();
  for (const [index, { name }] of connectors.entries()) {
    const first = seen.get(name);
    const path = ['connectors', String(index), 'name'];
    if (first !== undefined)
      refuse(
        path,
        `expected a name of its own, received "${name}", which connectors[${first}] has`,
        findings,
      );
    if (name === rest.connector)
      refuse(path, `expected a name other than "${name}", which belongs to flows of the REST API`, findings);
    seen.set(name, first ?? index);
  }
}

function checkConnector(connector: ConnectorConfig, index: number, findings: Findings): void {
  const path = ['connectors', String(index)];
  if (connector.templates.length === 0)
    refuse([...path, 'templates'], 'expected at least one name, or *, received []', findings);
  for (const [member, warning] of Object.entries(settingsOf(connector).warn(connector)))
    findings.warnings.push(`${settingName([...path, member])} ${warning}`);
}

function warnOfUnreachable(config: Config, { warnings }: Findings): void {
  // A service that listens on the loopback alone is not meant to be reached from elsewhere.
  if (isLoopback(config.http.host)) return;
  const handedOut = urlsOf(config).filter(([path]) =>
    /^(publicUrl|publicEndpoint|resultsUrl)$/.test(path.at(-1) ?? ''),
  );
  for (const [path, text] of handedOut) {
    const hostname = URL.parse(text)?.hostname ?? '';
    if (isLoopback(hostname) || /\.svc$|\.cluster\.local$/.test(hostname)) {
      warnings.push(
        `${settingName(path)} is ${text}: addresses that start with it are handed out, and cannot be reached from other machines`,
      );
    }
  }
}

function checkInputs({ inputs, store }: Config, findings: Findings): void {
  for (const [index, prefix] of inputs.allow.entries()) {
    const path = ['inputs', 'allow', String(index)];
    const url = URL.parse(prefix);
    if (url === null || (url.protocol !== 's3:' && url.href !== prefix))
      refuse(path, `expected ${url?.href ?? 'a URL'}, received ${prefix}`, findings);
    else if (url.protocol === 'http:' && !isLoopback(url.hostname))
      refuse(path, `expected https://, received ${prefix}: http:// is for this machine alone`, findings);
    else if (prefix.startsWith(`s3://${store.bucket}/`))
      refuse(path, `expected another bucket than store.bucket, received ${prefix}`, findings);
  }
}

function checkKeys({ api, connectors }: Config, findings: Findings): void {
  const digests = new Map<string, number>();
  const known = ['*', rest.connector, ...connectors.map(({ name }) => name)];
  for (const [index, { name, sha256, connectors: seen }] of api.keys.entries()) {
    const path = ['api', 'keys', String(index)];
    const first = digests.get(sha256);
    if (first !== undefined)
      refuse([...path, 'sha256'], `expected a key of its own, received that of api.keys[${first}]`, findings);
    digests.set(sha256, first ?? index);
    if (name === localCallerName)
      refuse(
        [...path, 'name'],
        `expected a name other than "${name}", which clients without a key have`,
        findings,
      );
    const unknown = seen.find((one) => !known.includes(one));
    if (unknown !== undefined)
      refuse(
        [...path, 'connectors'],
        `expected names among ${known.join(', ')}, received "${unknown}"`,
        findings,
      );
  }
}

function checkOpenPaths({ http, api }: Config, findings: Findings): void {
  if (http.unauthenticated === 'off' || isLoopback(http.host)) return;
  const path = ['http', 'unauthenticated'];
  if (http.unauthenticated === 'on' && api.keys.length === 0)
    refuse(
      path,
      `expected off or loopback, or a key in api.keys, received on, and http.host is ${http.host}: without keys everybody may cancel all jobs and read all results`,
      findings,
    );
  const danger =
    http.unauthenticated === 'on'
      ? 'everybody who reaches this service may start jobs'
      : 'behind a proxy on this machine that sets no X-Forwarded-For, everybody may start jobs';
  findings.warnings.push(
    `${settingName(path)} is ${http.unauthenticated}, and http.host is ${http.host}: ${danger}`,
  );
}
