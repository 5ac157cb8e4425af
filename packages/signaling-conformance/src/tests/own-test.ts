import type { ConformanceTest } from '../conformance-test.ts';

/** A test that the public kit lacks; its id starts with `X_`. */
export function own(
  id: `X_${string}`,
  title: string,
  test: Pick<ConformanceTest, 'kind' | 'steps'> & Partial<Pick<ConformanceTest, 'fixture' | 'lacks'>>,
): ConformanceTest {
  return { id, tags: ['own'], title, fixture: 'sync', ...test };
}
