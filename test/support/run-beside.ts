import type { TestContext } from 'node:test';

/**
 * Runs scenarios at the same time, in one world and as tests of their own: each is a neighbour of the others, and a world, which costs
 * more than most scenarios, is started once. The test of `t` needs the option `concurrency: true`.
 */
export async function runBeside<World>(
  t: TestContext,
  world: World,
  scenarios: Readonly<Record<string, (world: World) => Promise<void>>>,
): Promise<void> {
  await Promise.all(Object.entries(scenarios).map(([name, run]) => t.test(name, () => run(world))));
}
