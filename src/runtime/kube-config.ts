// Not the package's root: that would load every API class too, 4 MiB more of memory before bundling and 0.1 MB of bundle.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';

export { KubeConfig };

/**
 * The cluster to talk to, and as whom: the file `path` if given, else what every Kubernetes client uses: `KUBECONFIG`,
 * `~/.kube/config`, or the service account of the pod. Throws if the file cannot be read.
 */
export function loadKubeConfig(path?: string): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (path === undefined) kubeConfig.loadFromDefault();
  else kubeConfig.loadFromFile(path);
  return kubeConfig;
}
