import { json, parseObject, problem } from '../api-answer.ts';
import type { ApiAnswer, ApiRequest } from '../api-answer.ts';

/** A registered data plane. Messages go to `{endpoint}/start` and so on, so that the endpoint has to end in `/dataflows`. */
export interface RegisteredDataPlane {
  readonly dataplaneId: string;
  readonly endpoint: string;
  readonly transferTypes: readonly string[];
  readonly labels?: readonly string[];
  readonly authorization?: Readonly<Record<string, unknown>> | undefined;
}

interface Wanted {
  readonly transferType: string;
  readonly labels: readonly string[];
}

/** The connector's registry of data planes. */
export class DataPlanes {
  readonly #planes = new Map<string, { plane: RegisteredDataPlane; at: number }>();

  /** Replaces a data plane of the same id. */
  register(plane: RegisteredDataPlane): void {
    this.#planes.set(plane.dataplaneId, { plane, at: Date.now() });
  }

  delete(id: string): boolean {
    return this.#planes.delete(id);
  }

  get(id: string): RegisteredDataPlane | undefined {
    return this.#planes.get(id)?.plane;
  }

  all(): RegisteredDataPlane[] {
    return [...this.#planes.values()].map(({ plane }) => plane);
  }

  /** The first one that offers exactly this transfer type and has all labels of the transfer. */
  select({ transferType, labels: wanted }: Wanted): RegisteredDataPlane | undefined {
    return this.all().find(
      ({ transferTypes, labels = [] }) =>
        transferTypes.includes(transferType) && wanted.every((label) => labels.includes(label)),
    );
  }

  /** As the management API lists them. */
  describe(): object[] {
    return [...this.#planes.values()].map(({ plane, at }) => ({
      '@id': plane.dataplaneId,
      '@type': 'DataPlaneInstance',
      url: plane.endpoint,
      lastActive: at,
      stateTimestamp: at,
      allowedSourceTypes: [],
      allowedTransferTypes: plane.transferTypes,
      destinationProvisionTypes: [],
      state: 'REGISTERED',
      '@context': ['https://w3id.org/edc/connector/management/v2'],
    }));
  }
}

/** `PUT` and `GET …/dataplanes`, and `DELETE …/dataplanes/{id}`. */
export function answerRegistration(planes: DataPlanes, id: string, request: ApiRequest): ApiAnswer {
  if (id !== '') {
    if (request.method !== 'DELETE') return { status: 405 };
    const message = `Object of type DataPlaneInstance with ID=${id} was not found`;
    return planes.delete(id) ? { status: 200 } : problem(404, 'ObjectNotFound', message);
  }
  if (request.method === 'GET') return json(200, planes.describe());
  if (request.method === 'DELETE') return { status: 405 };
  const plane = readRegistration(parseObject(request.body) ?? {});
  if (plane === undefined)
    return problem(400, 'InvalidRequest', 'dataplaneId and endpoint have to be strings, the latter a URL');
  planes.register(plane);
  return { status: 200 };
}

/** `PUT` and `DELETE …/dataplanes/{id}` of releases that register with a `POST`. */
export function answerControl(planes: DataPlanes, id: string, request: ApiRequest): ApiAnswer {
  if (request.method === 'DELETE') return answerRegistration(planes, id, request);
  const plane = readRegistration({ ...parseObject(request.body), dataplaneId: id });
  if (plane === undefined) return problem(400, 'InvalidRequest', 'endpoint has to be a URL');
  if (planes.get(id) === undefined)
    return problem(404, 'ObjectNotFound', `Object of type DataPlaneInstance with ID=${id} was not found`);
  planes.register(plane);
  return { status: 200 };
}

/** The member `profiles` of v1.0-RC3 is ignored. */
function readRegistration(body: Record<string, unknown>): RegisteredDataPlane | undefined {
  const { dataplaneId, endpoint, authorization } = body;
  if (typeof dataplaneId !== 'string' || typeof endpoint !== 'string' || !URL.canParse(endpoint))
    return undefined;
  return {
    dataplaneId,
    endpoint,
    transferTypes: strings(body['transferTypes']),
    labels: strings(body['labels']),
    authorization: authorization as RegisteredDataPlane['authorization'],
  };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
