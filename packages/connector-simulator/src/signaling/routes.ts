import { managementRoute } from '../management-route.ts';
import type { Route } from '../route-request.ts';
import { answerCallback } from './callbacks.ts';
import { terminate } from './commands.ts';
import { answerControl, answerRegistration } from './data-planes.ts';
import type { SignalingContext } from './signaling-context.ts';
import type { Notification, SignalingTransfer } from './signaling-transfer.ts';

const callbackPath = /^\/signaling\/transfers\/([^/]+)\/dataflow\/(prepared|started|completed|errored)$/;
/** The second one is that of a connector with several participants. */
const registrationPath = /^\/management\/(?:v4|v5beta\/participants\/[^/]+)\/dataplanes(?:\/([^/]+))?$/;

/** An id of a data plane, or `register`. */
const controlPath = /^\/control\/dataplanes\/([^/]+)$/;

/** Finds the endpoint for a path; undefined is a 404 of the web server. */
export function findSignalingRoute(context: SignalingContext, path: string): Route | undefined {
  return callbackRoute(context, path) ?? registrationRoute(context, path) ?? management(context, path);
}

function callbackRoute(context: SignalingContext, path: string): Route | undefined {
  const [, segment, name] = callbackPath.exec(path) ?? [];
  if (segment === undefined) return undefined;
  const id = decodeURIComponent(segment);
  return {
    endpoint: 'callback',
    transferProcessId: id,
    methods: ['POST'],
    key: undefined,
    handle: (request) => answerCallback(context, id, { name: name as Notification, request }),
  };
}

function registrationRoute(context: SignalingContext, path: string): Route | undefined {
  const { settings, dataPlanes, profile } = context;
  if (profile.registry === 'control') return controlRoute(context, path);
  const match = registrationPath.exec(path);
  if (match === null) return undefined;
  const id = decodeURIComponent(match[1] ?? '');
  return {
    endpoint: 'management',
    transferProcessId: '',
    methods: ['PUT', 'GET', 'DELETE'],
    key: settings.managementKey,
    handle: (request) => answerRegistration(dataPlanes, id, request),
  };
}

/** The control API is for the connector's own parts and has no key. It has no list, and no method for `/dataplanes` itself. */
function controlRoute({ dataPlanes }: SignalingContext, path: string): Route | undefined {
  const [, segment] = controlPath.exec(path) ?? [];
  if (segment === undefined) return undefined;
  const id = decodeURIComponent(segment);
  const registers = id === 'register';
  return {
    endpoint: 'management',
    transferProcessId: '',
    methods: registers ? ['POST'] : ['PUT', 'DELETE'],
    key: undefined,
    handle: (request) =>
      registers ? answerRegistration(dataPlanes, '', request) : answerControl(dataPlanes, id, request),
  };
}

function management(context: SignalingContext, path: string): Route | undefined {
  const { settings, store } = context;
  function end(transfer: SignalingTransfer, reason: string): boolean {
    return terminate(context, transfer, { by: 'operator', reason });
  }
  return managementRoute({ settings, store, terminate: end }, path);
}
