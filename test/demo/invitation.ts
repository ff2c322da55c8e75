import { dirname } from 'node:path';
import type { ControlPlane } from '../cluster/control-plane.ts';
import { azureCliLines } from '../simulators/arm/azure-cli-lines.ts';
import type { ArmSimulator } from '../simulators/arm/simulator.ts';

/** What is up when the demo has ended its steps. */
export interface Invited {
  readonly controlPlane: Pick<ControlPlane, 'kubeconfigPath' | 'kubectlPath'>;
  readonly azure: ArmSimulator;
  /** Holds the certificate authority of the simulated Azure. */
  readonly caFile: string;
  readonly logFile: string;
}

const AZURE_GATEWAY = '-g cmg-granitefalls -n granitefalls';

/** Tells what to try now, in lines that can be pasted into a shell as they are. */
export function invitation({ controlPlane, azure, caFile, logFile }: Invited): readonly string[] {
  return [
    '',
    'Everything is up. Try in another terminal:',
    '',
    `  export KUBECONFIG=${controlPlane.kubeconfigPath}`,
    `  export PATH=${dirname(controlPlane.kubectlPath)}:$PATH`,
    '  kubectl get cmg',
    '  kubectl describe cmg granitefalls',
    `  kubectl patch cmg granitefalls --type merge -p '{"spec":{"vm":{"instances":3}}}'`,
    '  kubectl get events.events.k8s.io --field-selector regarding.kind=CMG',
    '  kubectl delete cmg granitefalls',
    '',
    'Or, before you delete it, look at the simulated Azure with your own Azure CLI; your clouds and accounts stay as they are:',
    '',
    ...azureCliLines(azure, caFile).map((line) => `  ${line}`),
    '  az resource list -g cmg-granitefalls -o table',
    `  az vmss list-instances ${AZURE_GATEWAY} -o table`,
    '',
    "and do something behind the operator's back, which it will repair and tell of in an event:",
    '',
    '  az network nsg rule delete -g cmg-granitefalls --nsg-name granitefalls -n https',
    `  az vmss scale ${AZURE_GATEWAY} --new-capacity 4 --no-wait`,
    '',
    `The simulated Azure answers at ${azure.url}; the operator logs to ${logFile}. Ctrl-C takes everything down.`,
  ];
}
