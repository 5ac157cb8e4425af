import { Type } from 'typebox';
import { described } from '../../../schemas/kinds.ts';
import { httpUrl, integer, names, text } from '../../../config/settings/kinds.ts';
import { authorizationProfile } from '../authorization/settings.ts';

/** Members of a connector that say where and how this data plane registers itself. */
export const registrationSettings = {
  registration: described('Where and how this data plane registers itself.', {
    url: Type.Optional(
      httpUrl(
        'Where: `…/dataplanes`, also for EDC 0.16, `…/v4/dataplanes` or `…/v5beta/participants/<id>/dataplanes`. Default: this data plane does not register itself.',
      ),
    ),
    profiles: names('Transfer profiles, as the connector names them.', { default: ['HttpData-PULL'] }),
    labels: names('Labels of this data plane.'),
    renewSeconds: integer(
      { min: 10, max: 86_400, default: 120 },
      'Time between two registrations: a restarted control plane may have none.',
    ),
    authorization: authorizationProfile(
      'How the control plane calls this data plane, and verifies its tokens.',
    ),
    tokenEndpoint: Type.Optional(
      httpUrl('OAuth2 server of the API at `url`. Default: none; the management key is sent.'),
    ),
    clientId: Type.Optional(text('Client at `tokenEndpoint`; its secret comes from the environment.')),
  }),
};
