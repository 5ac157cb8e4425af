import type { Static } from 'typebox';
import { ClusterSettings } from './cluster.ts';
import { ConnectorsSettings } from './connectors.ts';
import { HttpSettings } from './http.ts';
import { ImagesSettings } from './images.ts';
import { closed } from '../../schemas/kinds.ts';
import { choice, integer, text } from './kinds.ts';
import { PodsSettings } from './pods.ts';
import { ReconcilerSettings } from './reconciler.ts';
import { StoreSettings } from './store.ts';

/** Every setting, its shape, its default and its meaning: what the file may hold, and what the environment is read by. */
export const SettingsSchema = closed({
  http: HttpSettings,
  cluster: ClusterSettings,
  store: StoreSettings,
  connectors: ConnectorsSettings,
  templates: closed({
    directory: text({
      default: 'jobs-templates',
      description: 'Folder with one folder for each template.',
    }),
  }),
  images: ImagesSettings,
  pods: PodsSettings,
  reconciler: ReconcilerSettings,
  results: closed({
    // A presigned address cannot live longer than seven days, in any S3 server.
    addressSeconds: integer(
      { min: 60, max: 604_800, default: 604_800 },
      'Validity of a data address, unless its flow is deprovisioned before.',
    ),
    // Each may hold about half a MiB.
    maxDownloads: integer(
      { min: 1, max: 10_000, default: 100 },
      'Results that one replica sends at once; more wait ten seconds, then get a 503.',
    ),
  }),
  log: closed({
    level: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      default: 'info',
      description: 'Lowest level that is logged.',
    }),
  }),
});

export type Settings = Static<typeof SettingsSchema>;
