import { test } from 'node:test';
import { killAtRequests } from '../support/kill-at-request.ts';

test('a service killed after any of its requests still ends in one Job and a delivered callback', (t) =>
  killAtRequests(t, 'after'));
