import type { ResourceKind } from '../../runtime/objects.ts';

export const CONNECTION_POINT_KIND: ResourceKind = {
  group: 'configmgr.io',
  version: 'v1alpha1',
  kind: 'ConnectionPoint',
  plural: 'connectionpoints',
  namespaced: true,
};

/** Keeps a ConnectionPoint in the API server until what the operator installed for it is gone from the site. */
export const CONNECTION_POINT_FINALIZER = 'configmgr.io/connection-point';
