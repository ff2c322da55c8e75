import type { GoProgram } from './go-program.ts';

/** Renders, checks and installs the chart. */
export const HELM: GoProgram = {
  module: 'helm',
  package: 'helm.sh/helm/v4/cmd/helm',
  usualTime: 'about 7 minutes',
};

/** Judges manifests by JSON schemas. */
export const KUBECONFORM: GoProgram = {
  module: 'kubeconform',
  package: 'github.com/yannh/kubeconform/cmd/kubeconform',
};

/** Judges the health scripts for Argo CD. */
export const ARGOCD_HEALTH: GoProgram = { module: 'argocd-health' };

/** Judges the bundle for the Operator Lifecycle Manager. */
export const OLM_BUNDLE: GoProgram = { module: 'olm-bundle' };

/** Tells Prometheus of the conditions of gateways. */
export const KUBE_STATE_METRICS: GoProgram = {
  module: 'kube-state-metrics',
  package: 'k8s.io/kube-state-metrics/v2',
  usualTime: 'about 3 minutes',
};

/**
 * An older API server, which can emulate the oldest version of Kubernetes that the operator supports: a server emulates
 * three minor versions back.
 */
export const OLDER_API_SERVER: GoProgram = {
  module: 'kube-apiserver',
  package: 'k8s.io/kubernetes/cmd/kube-apiserver',
  usualTime: 'about 4 minutes',
  linkedValues: {
    'k8s.io/component-base/version.gitVersion': 'v1.35.4',
    'k8s.io/component-base/version.gitMajor': '1',
    'k8s.io/component-base/version.gitMinor': '35',
  },
};

/** All of them, for whoever wants them to be there before the tests begin. */
export const PROGRAMS: readonly GoProgram[] = [
  HELM,
  KUBECONFORM,
  ARGOCD_HEALTH,
  OLM_BUNDLE,
  KUBE_STATE_METRICS,
  OLDER_API_SERVER,
];
