import { writeFileSync } from 'node:fs';
import { isServiceError, messageOf } from '../errors.ts';
import { InputError } from './inputs/input-error.ts';
import type { SidecarReport } from '../flow/sidecar-report.ts';

/** The kubelet cuts longer messages, and half a JSON object cannot be read. */
const limitBytes = 4096;

/** Writes in place: the kubelet mounts this very file, which a rename would replace. */
export function writeTerminationMessage(path: string, report: SidecarReport): void {
  writeFileSync(path, terminationMessage(report));
}

export function failureReport(error: unknown): SidecarReport {
  const message = messageOf(error);
  if (error instanceof InputError) return { error: { message, input: error.input } };
  const path = isServiceError(error) ? error.field : undefined;
  return { error: { message, ...(path === undefined ? {} : { path }) } };
}

export function terminationMessage(report: SidecarReport): string {
  const whole = JSON.stringify(report);
  if (!('error' in report) || Buffer.byteLength(whole) <= limitBytes) return whole;
  const { message, path, input } = report.error;
  // An escaped character takes up to six bytes, so these always fit.
  const cut = { message: message.slice(0, 300), ...(path === undefined ? {} : { path: path.slice(0, 300) }) };
  return JSON.stringify({ error: { ...cut, ...(input === undefined ? {} : { input }) } });
}
