import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MERGE_PATCH } from '../../cluster/api-client.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { appliedObjects } from './applied-objects.ts';
import { type Finished, type RenderedObject, runProgram } from './helm.ts';
import { rightsOf } from './rights.ts';
import { type ServiceAccount, serviceAccountKubeconfig, untilGranted } from './service-account.ts';

export interface InstallOptions {
  readonly controlPlane: ControlPlane;
  readonly objects: readonly RenderedObject[];
  /** For files. */
  readonly directory: string;
  /** Namespaces that have to be there first. */
  readonly namespaces: readonly string[];
}

/** A chart in a control plane that has no nodes, with what its pods would be given. */
export interface Installed {
  readonly controlPlane: ControlPlane;
  readonly account: ServiceAccount;
  /** What the account may do, its bearer may. */
  readonly kubeconfigPath: string;
  /** Of the container. */
  readonly args: readonly string[];
  /** Takes the rules about a resource out of the chart's roles for gateways. */
  withdraw(resource: string): Promise<void>;
}

interface Deployment extends RenderedObject {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly serviceAccountName: string; readonly containers: readonly { args: string[] }[] };
    };
  };
}

/** Applies what a chart has rendered, as any tool for GitOps would, and reads from it as whom and how to run. */
export async function install({ controlPlane, objects, directory, namespaces }: InstallOptions): Promise<Installed> {
  const { api } = controlPlane;
  for (const name of namespaces) {
    // Another test may have made it.
    await api.send('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  await appliedObjects(api, objects).apply();
  const deployment = objects.find(({ kind }) => kind === 'Deployment') as Deployment | undefined;
  if (deployment === undefined) throw new Error('The chart has rendered no Deployment.');
  const { serviceAccountName, containers } = deployment.spec.template.spec;
  const account = { namespace: deployment.metadata.namespace ?? '', name: serviceAccountName };
  await untilGranted(api, account, rightsOf(account, objects));
  const kubeconfigPath = join(directory, `${account.namespace}-${new URL(controlPlane.server).port}.kubeconfig`);
  writeFileSync(kubeconfigPath, await serviceAccountKubeconfig(api, controlPlane, account), { mode: 0o600 });
  return {
    controlPlane,
    account,
    kubeconfigPath,
    args: containers[0]?.args ?? [],
    withdraw: async (resource) => {
      for (const { kind, metadata, rules } of objects.filter(({ kind }) => /^(Cluster)?Role$/.test(kind))) {
        const left = (rules as readonly { resources: string[] }[]).filter(
          ({ resources }) => !resources.includes(resource),
        );
        const path = kind === 'Role' ? `namespaces/${metadata.namespace}/roles` : 'clusterroles';
        const group = '/apis/rbac.authorization.k8s.io/v1';
        await api.call('PATCH', `${group}/${path}/${metadata.name}`, { rules: left }, MERGE_PATCH);
      }
    },
  };
}

/** Runs the real kubectl, as the administrator unless `--kubeconfig` says otherwise. */
export function kubectl(
  { kubectlPath, kubeconfigPath, directory }: ControlPlane,
  ...args: readonly string[]
): Promise<Finished> {
  return runProgram(kubectlPath, args, { PATH: process.env.PATH, HOME: directory, KUBECONFIG: kubeconfigPath });
}

/** What the API server says against a Secret that holds up the deletion of a CMG, or `''` when it would take it. */
export async function refusalOfOwnedSecret(
  { controlPlane, kubeconfigPath }: Installed,
  metadata: { readonly namespace: string; readonly name: string },
): Promise<string> {
  const owner = { apiVersion: 'configmgr.io/v1alpha1', kind: 'CMG', name: 'owner', uid: 'of-no-object' };
  const file = join(controlPlane.directory, 'owned-secret.json');
  const ownerReferences = [{ ...owner, controller: true, blockOwnerDeletion: true }];
  writeFileSync(
    file,
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, ownerReferences }, data: {} }),
  );
  const args = ['apply', '--server-side', '--dry-run=server', '--filename', file, '--kubeconfig', kubeconfigPath];
  const { code, output } = await kubectl(controlPlane, ...args);
  return code === 0 ? '' : output;
}
