import { invalidRequest } from '../../../../errors.ts';
import { sidecarContainer, workerContainer } from '../../../../flow/attempt.ts';
import type { WantedLog } from '../../../../requests/logs/find-log.ts';
import { checkQuery } from '../check-query.ts';

const containers = [workerContainer, sidecarContainer] as const;
const mostLines = 1_000_000_000;
const uid = '^[0-9A-Fa-f-]{36}$';
const isUid = new RegExp(uid);
/** `?follow` without a value is what a person writes. */
const flag = { type: 'string', enum: ['', 'true', 'false'], default: 'false' };

export const logQuery = {
  container: {
    description: 'The container whose log it is.',
    schema: { type: 'string', enum: [...containers], default: workerContainer },
  },
  attempt: {
    description: 'UID of a pod of the job. Default: the latest one.',
    schema: { type: 'string', pattern: uid },
  },
  follow: {
    description: 'true: wait until the container starts, and go on until it has ended.',
    schema: flag,
  },
  tailLines: {
    description: 'So many lines from the end. Default: all that is kept.',
    schema: { type: 'integer', minimum: 0, maximum: mostLines },
  },
  sinceTime: {
    description: 'Only lines from this time on (RFC 3339).',
    schema: { type: 'string', format: 'date-time' },
  },
  timestamps: { description: 'true: each line starts with its time.', schema: flag },
};

/** Reads the query of a log. Throws `invalid-request` that names the parameter and the expectation. */
export function readLogQuery(query: URLSearchParams): Omit<WantedLog, 'flow'> {
  checkQuery(query, logQuery);
  const [attempt, tailLines, sinceTime] = [readAttempt(query), readLines(query), readTime(query)];
  return {
    container: readContainer(query),
    follow: readFlag(query, 'follow'),
    timestamps: readFlag(query, 'timestamps'),
    ...(attempt === undefined ? {} : { attempt }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}

function readContainer(query: URLSearchParams): WantedLog['container'] {
  const name = query.get('container') ?? workerContainer;
  const known = containers.find((one) => one === name);
  if (known === undefined) throw invalidRequest('container', `one of ${containers.join(', ')}`);
  return known;
}

function readFlag(query: URLSearchParams, name: 'follow' | 'timestamps'): boolean {
  const text = query.get(name) ?? 'false';
  if (!flag.enum.includes(text)) throw invalidRequest(name, 'true or false');
  return text !== 'false';
}

function readAttempt(query: URLSearchParams): string | undefined {
  const text = query.get('attempt');
  if (text === null) return undefined;
  if (!isUid.test(text)) throw invalidRequest('attempt', 'the UID of a pod of the job');
  return text.toLowerCase();
}

function readLines(query: URLSearchParams): number | undefined {
  const text = query.get('tailLines');
  if (text === null) return undefined;
  const lines = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  if (lines > mostLines) throw invalidRequest('tailLines', `a number from 0 to ${mostLines}`);
  return lines;
}

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/i;

function readTime(query: URLSearchParams): string | undefined {
  const text = query.get('sinceTime');
  if (text === null) return undefined;
  const millis = rfc3339.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(millis)) throw invalidRequest('sinceTime', 'a time as 2026-01-31T12:00:00Z');
  return new Date(millis).toISOString();
}
