import type { ConformanceTest, TestRun } from '../conformance-test.ts';
import type { PlaneRequest } from '../data-plane-client.ts';
import type { OwnName, RunSettings } from '../settings.ts';
import { refuseCredentials, refuseOtherControlPlane } from '../steps/authorization.ts';
import { create } from '../steps/create.ts';
import { reach } from '../steps/messages.ts';
import { own } from './own-test.ts';

const started = [create('STARTED'), reach('STARTED')];

export const authorization: readonly ConformanceTest[] = [
  own('X_AUTH:NO-HEADER', 'requests without the Authorization header are answered with 401', {
    kind: 'provider-pull',
    lacks: lacksHeader,
    steps: [...started, refuseCredentials(() => ({ authorization: null }))],
  }),
  own('X_AUTH:WRONG-HEADER', 'requests with a wrong Authorization header are answered with 401', {
    kind: 'provider-pull',
    lacks: lacksHeader,
    steps: [...started, refuseCredentials(() => ({ authorization: 'Bearer wrong' }))],
  }),
  own('X_AUTH:WRONG-PATH', 'requests with a wrong token in the path are answered with 401 or 404', {
    kind: 'provider-pull',
    lacks: lacksSetting('X_TARGET_WRONG_TOKEN'),
    steps: [
      ...started,
      // A path with a wrong token may look like one that does not exist.
      refuseCredentials(({ settings }) => ({ target: settings.own.X_TARGET_WRONG_TOKEN ?? '' }), [401, 404]),
    ],
  }),
  own('X_AUTH:EXPIRED', 'requests with an expired token are answered with 401', {
    kind: 'provider-pull',
    lacks: lacksSetting('X_AUTHORIZATION_EXPIRED'),
    steps: [...started, refuseCredentials(headerOf('X_AUTHORIZATION_EXPIRED'))],
  }),
  own('X_AUTH:WRONG-AUDIENCE', 'requests with a token for another data plane are answered with 401', {
    kind: 'provider-pull',
    lacks: lacksSetting('X_AUTHORIZATION_WRONG_AUDIENCE'),
    steps: [...started, refuseCredentials(headerOf('X_AUTHORIZATION_WRONG_AUDIENCE'))],
  }),
  own('X_AUTH:OTHER', 'requests of another control plane to a flow are answered with 401, 403 or 404', {
    kind: 'provider-pull',
    lacks: lacksSetting('X_AUTHORIZATION_OTHER'),
    steps: [...started, refuseOtherControlPlane(headerOf('X_AUTHORIZATION_OTHER'))],
  }),
];

function lacksHeader({ authorization: header }: RunSettings): string | undefined {
  return header === undefined ? 'no Authorization header is configured' : undefined;
}

function lacksSetting(name: OwnName): (settings: RunSettings) => string | undefined {
  return ({ own: settings }) => (settings[name] === undefined ? `${name} is not set` : undefined);
}

function headerOf(name: OwnName): (run: TestRun) => Pick<PlaneRequest, 'authorization'> {
  return ({ settings }) => ({ authorization: settings.own[name] ?? null });
}
