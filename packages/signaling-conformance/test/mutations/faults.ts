import { fault, ids, move, type Family } from './mutation.ts';

export const ofFaults: readonly Family[] = [
  {
    name: 'repeated messages',
    among: ids(/^X_REPEAT/),
    mutations: [
      fault('answers a repeated start with a new message', /^X_REPEAT:START(-ASYNC|-AT-ONCE)?$/),
      fault('answers a repeated start with the state of now', /^X_REPEAT:START-ASYNC$/),
      fault('answers a repeated prepare with a new message', /^X_REPEAT:PREPARE$/),
      fault('creates a flow for each of two copies', /^X_REPEAT:START-AT-ONCE$/),
      fault('accepts another start for a transfer', /^X_REPEAT:START-OTHER$/),
      fault('accepts another prepare for a transfer', /^X_REPEAT:PREPARE-OTHER$/),
      {
        name: 'refuses a repeated started',
        change: move('consumer-push', ['STARTED', 'started'], undefined),
        fails: ids(/^X_REPEAT:STARTED$/),
      },
      {
        name: 'refuses a repeated terminate',
        change: move('provider-pull', ['TERMINATED', 'terminate'], undefined),
        fails: ids(/^X_REPEAT:TERMINATE$/),
      },
      {
        name: 'refuses a repeated completed',
        change: move('provider-pull', ['COMPLETED', 'completed'], undefined),
        fails: ids(/^X_REPEAT:COMPLETED$/),
      },
    ],
  },
  {
    name: 'answers',
    among: ids(/^X_ANSWER/, /^X_ASYNC/),
    mutations: [
      {
        name: 'resumes without an address',
        change: ({ addresses }) => {
          addresses['provider-pull'] = ['create', 'callback'];
        },
        fails: ids(/^X_ANSWER:RESUME$/),
      },
      fault('answers 202 at once', /^X_ANSWER:(START|PREPARE)$/),
      fault('sends no Location', /^X_ASYNC/),
      fault('chooses ids of its own', /^X_ANSWER:(START|PREPARE)$/, /^X_ASYNC/),
      fault('shows more in the status', /^X_ANSWER:STATUS$/),
      fault('calls back about another flow', /^X_ASYNC/),
    ],
  },
  {
    name: 'bodies',
    among: ids(/^X_BODY:(?!.*-WITHOUT-)/, /^X_ADDRESS/),
    mutations: [
      ...(['start', 'prepare'] as const).flatMap((verb) => {
        const name = verb.toUpperCase();
        return [
          fault(`fails at a ${verb} that is no object`, new RegExp(`^X_BODY:${name}-NOT-AN-OBJECT$`)),
          fault(`refuses null in ${verb}`, new RegExp(`^X_BODY:${name}-NULLS$`)),
          fault(`refuses unknown members of ${verb}`, new RegExp(`^X_BODY:${name}-UNKNOWN-MEMBERS$`)),
          fault(`reads no transferType of ${verb}`, new RegExp(`^X_BODY:${name}-TRANSFERTYPE$`)),
          fault(`accepts any profile of ${verb}`, new RegExp(`^X_BODY:${name}-UNSUPPORTED-PROFILE$`)),
        ];
      }),
      fault('refuses null in messages', /^X_BODY:MESSAGE-NULLS$/),
      fault('wants a body of started', /^X_BODY:STARTED-EMPTY$/),
      fault('wants a body of completed of a pull', /^X_BODY:P_PULL-COMPLETED-EMPTY$/),
      fault('wants a body of completed of a push', /^X_BODY:C_PUSH-COMPLETED-EMPTY$/),
      fault('wants JSON in completed', /^X_BODY:COMPLETED-ANY-TYPE$/),
      fault('accepts an address of a pull', /^X_ADDRESS:P_PULL-START$/),
      fault('starts a push without an address', /^X_ADDRESS:P_PUSH-START$/),
      fault('refuses an address of a started push', /^X_ADDRESS:C_PUSH-STARTED$/),
    ],
  },
  {
    name: 'the HTTP profile',
    among: ids(/HTTP/),
    mutations: [
      fault('refuses every address of the HTTP profile', /^DP_C_HTTP_PULL:01-01$/),
      fault('accepts an address without renewal', /^DP_C_HTTP_PULL:02-01$/),
      fault('hands out an address without renewal', /^DP_P_HTTP_PULL/),
      fault('renews with the same token', /^DP_P_HTTP_PULL:01-01$/),
      fault('accepts any refresh token', /^DP_P_HTTP_PULL:02-01$/),
      fault('accepts any audience', /^DP_P_HTTP_PULL:02-02$/),
    ],
  },
  {
    name: 'tokens',
    among: ids(/^X_AUTH/),
    mutations: [
      fault('accepts no token', /^X_AUTH:NO-HEADER$/),
      fault('accepts a wrong token', /^X_AUTH:WRONG-HEADER$/),
      fault('accepts a wrong path', /^X_AUTH:WRONG-PATH$/),
      fault('accepts an expired token', /^X_AUTH:EXPIRED$/),
      fault('accepts a foreign token', /^X_AUTH:WRONG-AUDIENCE$/),
      fault("accepts another's token", /^X_AUTH:OTHER$/),
    ],
  },
  {
    name: 'what concerns many',
    among: ids(/./),
    mutations: [
      {
        name: 'shows a status of an unknown flow with 410',
        change: ({ unknownFlow }) => {
          unknownFlow.status = 410;
        },
        fails: ids(/^X_UNKNOWN:STATUS$/, /^X_BODY:.*-(WITHOUT|UNSUPPORTED)-/, /^X_ADDRESS:P_/),
      },
      fault('changes the state with a refusal', /^X_ILLEGAL:.*-(PREPAR|STARTING|COMPLETED|TERMINATED)/),
      fault(
        'calls back with null',
        /^DP_.*:04-01$/,
        /^DP_(C_PULL|P_PUSH):03-01$/,
        /^X_ILLEGAL:(C_PULL|P_PUSH)-COMPLETED$/,
        /^X_REPEAT:START-ASYNC$/,
        /^X_ASYNC/,
      ),
    ],
  },
];
