import type { Judgement } from '../../edc/probe.ts';
import type { DataPlane } from '../registration/build-registration.ts';

/** A data plane as EDC lists it, or as it was registered. */
export interface ListedDataPlane {
  id: string;
  endpoint: unknown;
  transferTypes: readonly string[];
  /** EDC’s list does not show them. */
  labels: readonly string[] | undefined;
}

/** Undefined if the body is no list. */
export function readDataPlanes(body: string): ListedDataPlane[] | undefined {
  try {
    const list: unknown = JSON.parse(body);
    return Array.isArray(list) ? list.map(readDataPlane) : undefined;
  } catch {
    return undefined;
  }
}

function readDataPlane(value: unknown): ListedDataPlane {
  const entry = Object(value) as Record<string, unknown>;
  const id = entry['@id'] ?? entry['dataplaneId'];
  return {
    id: typeof id === 'string' ? id : '',
    endpoint: entry['url'] ?? entry['endpoint'],
    transferTypes: texts(entry['allowedTransferTypes'] ?? entry['profiles'] ?? entry['transferTypes']) ?? [],
    labels: texts(entry['labels']),
  };
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** The entry that the service itself registers. */
export function judgeById(
  listed: readonly ListedDataPlane[],
  { dataplaneId, endpoints, profiles, labels }: DataPlane & { endpoints: readonly string[] },
): Judgement {
  const entry = listed.find(({ id }) => id === dataplaneId);
  if (entry === undefined)
    return {
      result: 'failed',
      detail: `${dataplaneId} is not among its ${listed.length} data planes`,
      advice: 'start the service, which registers itself; its log says "registration failed" if it cannot',
    };
  const wrong = [
    ...(endpoints.includes(String(entry.endpoint)) ? [] : [wrongEndpoint(entry)]),
    ...differences('transfer types', entry.transferTypes, profiles),
    ...(entry.labels === undefined ? [] : differences('labels', entry.labels, labels)),
  ];
  return judgeWrong(
    entry,
    wrong,
    'start the service with these settings, and no other with this dataplaneId',
  );
}

/** An entry that was made by hand may have any id. */
export function judgeByEndpoint(
  listed: readonly ListedDataPlane[],
  { endpoints, profiles }: { endpoints: readonly string[]; profiles: readonly string[] },
): Judgement {
  const entry = listed.find(({ endpoint }) => endpoints.includes(String(endpoint)));
  if (entry === undefined)
    return {
      result: 'failed',
      detail: `none of its ${listed.length} data planes has the endpoint of this connector`,
      advice: `register the endpoint ${withoutToken(endpoints)}, or set registration.url`,
    };
  const unserved = entry.transferTypes.filter((one) => !profiles.includes(one));
  const wrong = unserved.length === 0 ? [] : [`transfer types that are not served: ${unserved.join(', ')}`];
  return judgeWrong(entry, wrong, 'register it again, or add them to profiles of the connector');
}

function judgeWrong(entry: ListedDataPlane, wrong: readonly string[], advice: string): Judgement {
  const types = entry.transferTypes.join(', ');
  if (wrong.length === 0) return { result: 'passed', detail: `${entry.id} is registered with ${types}` };
  return { result: 'failed', detail: `${entry.id} is registered with ${wrong.join(', and ')}`, advice };
}

function differences(name: string, actual: readonly string[], expected: readonly string[]): string[] {
  const isSame =
    actual.every((one) => expected.includes(one)) && expected.every((one) => actual.includes(one));
  return isSame ? [] : [`the ${name} ${list(actual)} instead of ${list(expected)}`];
}

function list(values: readonly string[]): string {
  return values.length === 0 ? '(none)' : values.join(', ');
}

/** Shows the origin only: a path may hold a secret. */
function wrongEndpoint({ endpoint }: ListedDataPlane): string {
  const origin = URL.parse(String(endpoint))?.origin ?? 'no URL';
  return `another endpoint (at ${origin})`;
}

/** The advice is not redacted. */
function withoutToken([endpoint = '']: readonly string[]): string {
  return endpoint.replace(/[^/]+\/dataflows$/, '<token>/dataflows');
}
