import { dialectNames } from '../config/settings/connectors.ts';

/** Examples of bodies, which the document shows: of the request, and of the answer by its status. */
interface Examples {
  request?: unknown;
  answers?: Readonly<Record<string, unknown>>;
}

const api = 'https://jobs.example.org/api/v1';
const id = 'flow-mzpx3kq2vu5ohb7wyd4ncer6ta';
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

const accepted = {
  id,
  state: 'accepted',
  template: 'seattle-weather',
  assetId: 'seattle-weather',
  dialect: 'rest',
  connector: 'rest',
  caller: 'ann',
  labels: { project: 'weather' },
  acceptedAt: '2026-11-02T09:30:00.000Z',
  links: { self: `${api}/jobs/${id}`, cancel: `${api}/jobs/${id}/cancel` },
};

const succeeded = {
  ...accepted,
  state: 'succeeded',
  startedAt: '2026-11-02T09:30:04.000Z',
  endedAt: '2026-11-02T09:31:10.000Z',
  results: { files: 1, bytes: 48_219, deleted: false },
  links: { self: `${api}/jobs/${id}`, results: `${api}/jobs/${id}/results` },
};

const cancelled = {
  ...accepted,
  state: 'cancelled',
  endedAt: '2026-11-02T09:30:20.000Z',
  outcome: { reason: 'cancelled-by-user', message: 'the job was cancelled' },
  links: { self: `${api}/jobs/${id}` },
};

const template = {
  name: 'seattle-weather',
  description: 'A chart of the weather in Seattle',
  digest: sha256,
  parameters: {
    type: 'object',
    properties: { YEAR: { type: 'integer', minimum: 2012, maximum: 2015, default: 2015 } },
    required: [],
  },
  assets: [{ id: 'seattle-weather', parameters: { YEAR: 2015 } }],
  inputs: [],
  results: { choice: 'auto', required: ['chart.svg'], retention: 604_800 },
  limits: { pending: 3600, run: 600, upload: 600 },
  gpu: 0,
  envFiles: ['YEAR'],
  example: {
    method: 'POST',
    href: `${api}/jobs`,
    body: { template: 'seattle-weather' },
    curl: `curl --json '{"template":"seattle-weather"}' ${api}/jobs`,
  },
  links: { self: `${api}/templates/seattle-weather`, jobs: `${api}/jobs?template=seattle-weather` },
};

const envFile = {
  connector: 'provider',
  assetId: 'seattle-weather',
  consumer: 'did:web:one',
  version: 2,
  digest: sha256,
  secret: false,
  template: 'seattle-weather',
  names: ['YEAR'],
  size: 10,
  createdAt: '2026-11-02T09:00:00.000Z',
  createdBy: 'ann',
  content: 'YEAR=2014\n',
};

const inbox = {
  id: '001794215400-6d0ec2ac-4c1c-4c51-8d8f-0f8f1a4a3f55',
  kind: 'env',
  name: 'env',
};

const results = `${api}/jobs/${id}/results`;
const modifiedAt = '2026-11-02T09:31:00.000Z';

/** By `operationId`. */
export const examples: Readonly<Record<string, Examples>> = {
  startJob: {
    request: { template: 'seattle-weather', parameters: { YEAR: 2014 }, labels: { project: 'weather' } },
    answers: { 202: accepted },
  },
  listJobs: { answers: { 200: { items: [succeeded, cancelled] } } },
  getJob: { answers: { 200: succeeded } },
  cancelJob: { answers: { 202: cancelled } },
  deleteJob: { answers: { 202: { ...succeeded, results: { ...succeeded.results, deleted: true } } } },
  listTemplates: { answers: { 200: { items: [template] } } },
  getTemplate: { answers: { 200: template } },
  getEnvFile: { answers: { 200: { ...envFile, versions: [1, 2] } } },
  putEnvFile: { answers: { 200: envFile } },
  createInbox: {
    request: { kind: 'env', consumer: 'did:web:one', expiresInSeconds: 86_400 },
    answers: {
      201: {
        ...inbox,
        url: 'https://jobs.example.org/inbox/eyJp.k1~sxc8o0~~kQ',
        ...{ connector: 'provider', assetId: 'seattle-weather', consumer: 'did:web:one' },
        ...{ secret: false, template: 'seattle-weather', maxBytes: 65_536 },
        expiresAt: '2026-11-03T09:30:00.000Z',
      },
    },
  },
  getInbox: { answers: { 200: { ...inbox, envFile: { version: 2, digest: sha256 } } } },
  listJobResults: {
    answers: {
      200: {
        files: [{ path: 'chart.svg', size: 48_219, sha256, modifiedAt, href: `${results}/files/chart.svg` }],
        links: {
          zip: `${results}/archive.zip`,
          tar: `${results}/archive.tar`,
          manifest: `${results}/manifest.json`,
        },
      },
    },
  },
  service: {
    answers: {
      200: {
        name: 'edc-job-provisioner',
        version: '0.1.0',
        dialects: [...dialectNames],
        links: { health: '/health', openapi: '/openapi.json', jobs: '/api/v1/jobs' },
      },
    },
  },
  live: { answers: { 200: { status: 'ok' } } },
  ready: { answers: { 200: { status: 'ok' } } },
  health: {
    answers: {
      200: {
        status: 'degraded',
        ready: true,
        components: { cluster: { status: 'ok' }, store: { status: 'broken', code: 'store-unavailable' } },
      },
    },
  },
};

export const problemExample = {
  type: 'urn:edc-job-provisioner:problem:invalid-parameters',
  title: 'Invalid parameters',
  status: 400,
  detail: 'YEAR: expected an integer from 2012 up to 2015, received 1999',
  field: 'YEAR',
};
