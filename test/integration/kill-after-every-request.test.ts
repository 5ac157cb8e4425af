import { test } from 'node:test';
import { openControlPlane } from '../support/kills/control-plane.ts';
import { killAtRequests } from '../support/kills/kill-at-requests.ts';

test('a service killed after any of its requests still ends in one Job and a delivered callback', (t) =>
  killAtRequests(t, { moments: ['after'], scenario: openControlPlane }));
