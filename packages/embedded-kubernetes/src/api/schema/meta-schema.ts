import { any, boolean, fields, integer, list, map, object, set, string, time } from './schema.ts';

const ownerReference = object({
  ...fields(string, 'apiVersion kind name uid'),
  ...fields(boolean, 'controller blockOwnerDeletion'),
});

export const objectMeta = object({
  ...fields(string, 'name generateName namespace selfLink uid resourceVersion'),
  ...fields(time, 'creationTimestamp deletionTimestamp'),
  ...fields(integer, 'generation deletionGracePeriodSeconds'),
  labels: map(string),
  annotations: map(string),
  ownerReferences: list(ownerReference, 'uid'),
  finalizers: set(string),
  managedFields: any,
});

export const objectReference = object(
  fields(string, 'kind namespace name uid apiVersion resourceVersion fieldPath'),
);

export const labelSelector = object({
  matchLabels: map(string),
  matchExpressions: list(object({ key: string, operator: string, values: list(string) })),
});
