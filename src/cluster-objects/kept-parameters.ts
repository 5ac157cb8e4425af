import type { FlowRequest } from '../flow/flow-request.ts';
import type { RenderedTemplate } from '../template/template.ts';

/** Of names and values as JSON: the Job's annotations share 256 KiB. */
const keptBytes = 16 * 1024;

/** What a retry gives again. Secret values are never kept, and large ones have no room on the Job. */
export function keptParameters({
  given,
  secretEnvironment,
}: Pick<RenderedTemplate, 'given' | 'secretEnvironment'>): Pick<FlowRequest, 'parameters' | 'unkept'> {
  const parameters: Record<string, unknown> = {};
  const unkept: string[] = [];
  let bytes = 0;
  for (const [name, value] of Object.entries(given)) {
    const size = Buffer.byteLength(JSON.stringify([name, value]));
    if (Object.hasOwn(secretEnvironment, name) || bytes + size > keptBytes) unkept.push(name);
    else {
      parameters[name] = value;
      bytes += size;
    }
  }
  return {
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
    ...(unkept.length === 0 ? {} : { unkept }),
  };
}
