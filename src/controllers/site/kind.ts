import type { ResourceKind } from '../../runtime/objects.ts';

export const SITE_KIND: ResourceKind = {
  group: 'configmgr.io',
  version: 'v1alpha1',
  kind: 'Site',
  plural: 'sites',
  namespaced: true,
};

/** Keeps a Site in the API server while other objects name it. */
export const IN_USE_FINALIZER = 'configmgr.io/in-use';
