import type { ResourceKind } from '../../runtime/objects.ts';

export const BOUNDARY_GROUP_REFERENCE_KIND: ResourceKind = {
  group: 'configmgr.io',
  version: 'v1alpha1',
  kind: 'BoundaryGroupReference',
  plural: 'boundarygroupreferences',
  namespaced: true,
};

/** Keeps a BoundaryGroupReference in the API server until what the operator added for it is gone from the site. */
export const BOUNDARY_GROUP_REFERENCE_FINALIZER = 'configmgr.io/boundary-group-reference';
