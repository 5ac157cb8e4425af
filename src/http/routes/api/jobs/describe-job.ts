import { hash } from 'node:crypto';
import type { FlowView } from '../../../../requests/flow-service.ts';
import { apiPrefix } from '../api-route.ts';
import { canBeRetried } from './can-be-retried.ts';
import type { Job, JobState } from './job-schema.ts';

/** `publicUrl`: by which clients reach the service. */
export function describeJob(view: FlowView, publicUrl: string): Job {
  const { flow: id, request, plan, detail, startedAt } = view;
  const { dialect, connector, caller, consumer, labels, assetId, acceptedAt, retryOf, priority } = request;
  const api = `${publicUrl}${apiPrefix}`;
  return {
    id,
    state: stateOf(view),
    ...(detail === undefined ? {} : { detail }),
    template: plan.template,
    ...{ assetId, dialect, connector },
    ...(caller === undefined ? {} : { caller }),
    ...(consumer === undefined ? {} : { consumer }),
    ...(labels === undefined ? {} : { labels }),
    ...(plan.envFiles === undefined ? {} : { envFiles: plan.envFiles }),
    ...(priority === undefined ? {} : { priority }),
    ...(retryOf === undefined ? {} : { retryOf }),
    acceptedAt,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...describeEnd(view),
    links: { ...describeLinks(view, `${api}/jobs`), ...linkDeletion(view, api) },
  };
}

/** Changes with each change of the description. */
export function digestJob(job: Job): string {
  return hash('sha256', JSON.stringify(job)).slice(0, 32);
}

export function stateOf({ phase, outcome }: Pick<FlowView, 'phase' | 'outcome'>): JobState {
  if (outcome !== undefined) return outcome.phase;
  // Without an outcome neither is possible; the record of a flow always has one.
  return phase === 'delivering' || phase === 'ended' ? 'judging' : phase;
}

function describeEnd({ outcome, deprovisioned }: FlowView): Pick<Job, 'endedAt' | 'outcome' | 'results'> {
  if (outcome === undefined) return {};
  const endedAt = outcome.at;
  if (outcome.phase === 'succeeded') {
    const { files, bytes } = outcome.results;
    return { endedAt, results: { files, bytes, deleted: deprovisioned } };
  }
  const { reason, message } = outcome;
  const log = outcome.phase === 'failed' ? outcome.detail : undefined;
  return { endedAt, outcome: { reason, message, ...(log === undefined ? {} : { log }) } };
}

function linkDeletion({ flow, deletion }: FlowView, api: string): Pick<Job['links'], 'deletion'> {
  return deletion === undefined ? {} : { deletion: `${api}/deletion-requests/${flow}` };
}

function describeLinks(view: FlowView, jobs: string): Job['links'] {
  const { flow, outcome, deprovisioned } = view;
  const self = `${jobs}/${flow}`;
  if (outcome === undefined) return { self, cancel: `${self}/cancel` };
  const hasResults = outcome.phase === 'succeeded' && !deprovisioned;
  return {
    self,
    ...(hasResults ? { results: `${self}/results` } : {}),
    ...(canBeRetried(view) ? { retry: `${self}/retry`, retries: `${jobs}?retryOf=${flow}` } : {}),
  };
}
