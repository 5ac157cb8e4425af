import { readFileSync } from 'node:fs';
import type { Event, Job, Pod } from '../../src/kubernetes/types.ts';

/** What a real cluster said of a Job whose worker could not start; see test/fixtures/pending/README.md. */
export interface PendingFixture {
  job: Job;
  /** Absent: it was refused. */
  pod?: Pod;
  events: Event[];
}

export function readPendingFixture(name: string): PendingFixture {
  const file = new URL(`../fixtures/pending/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as PendingFixture;
}
