import { inject, onTestFinished } from 'vitest';
import { createKubernetesClient, type KubernetesClient } from '../../../src/runtime/client.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { type KubeConfig, loadKubeConfig } from '../../../src/runtime/kube-config.ts';

/** A client for a test, closed after it; by default for the shared control plane, as its administrator. */
export function clientForTest(kubeConfig: KubeConfig = loadKubeConfig(inject('kubeconfigPath'))): KubernetesClient {
  const client = createKubernetesClient({ kubeConfig, clock: systemClock, userAgent: 'cmg-operator-test' });
  onTestFinished(() => client.close());
  return client;
}

/** Options for requests that nobody breaks off. */
export const LASTING = { signal: new AbortController().signal };
