/** The observed state of a replica whose cache is not current: everything is read from the API server. */
export const nothingObserved = { current: () => undefined, subscribe: () => () => undefined };
