import type { ResourceKind } from '../../runtime/objects.ts';

export const CMG_KIND: ResourceKind = {
  group: 'configmgr.io',
  version: 'v1alpha1',
  kind: 'CMG',
  plural: 'cmgs',
  namespaced: true,
};

/** One name for all that the operator writes, so that server-side apply knows what is its own. */
export const FIELD_MANAGER = 'cmg-operator';
