import { httpUrl } from '../../config/settings/kinds.ts';

/** Members of the settings of connectors that are EDC's, whatever their dialect. */
export const callbackPrefix = httpUrl(
  'A callbackAddress must start with this, in whole path segments. No default.',
);

export const managementUrl = httpUrl(
  'Base of its management API. Default: callbackPrefix without a final /callback; none for `data-plane`.',
);

export const managementVersionText = 'Version of its management API; `none`: it has none that can be used.';
