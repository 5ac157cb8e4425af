import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobRoutes } from '../../../../src/http/routes/api/jobs/job-routes.ts';
import { memoryLog } from '../../../support/memory-log.ts';
import { jobRouteDeps } from '../job-route-deps.ts';
import { memoryFlows } from '../memory-flows.ts';
import { ask, startHttp } from '../start-http.ts';

test('a hundred wrong keys are one refusal in the log, and the body of none is read', async (t) => {
  const { log, lines } = memoryLog();
  const flows = memoryFlows();
  const { server, port } = await startHttp(t, { routes: jobRoutes(jobRouteDeps(flows)), flows, log });
  for (let number = 0; number < 100; number += 1) {
    const headers = { authorization: `Bearer wrong-key-${number}` };
    const { status } = await ask(port, `/api/v1/jobs?number=${number}`, { headers, body: 'no JSON' });
    assert.equal(status, 401);
  }
  await server.close();
  const shown = lines
    .map((line) => JSON.parse(line) as { level: number; msg: string })
    .filter(({ level }) => level >= 30)
    .map(({ msg }) => msg);
  assert.deepEqual(shown, ['request refused', 'request']);
});
