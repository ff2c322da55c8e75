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
  /** Holds the root of the gateway's certificate. */
  readonly clientCaFile: string;
  readonly serviceName: string;
  /** Of the resolver on 127.0.0.1 in which the service name lives. */
  readonly dnsPort: number;
  /** Where port 443 of the gateway is on this machine. */
  readonly port: number | undefined;
  readonly logFile: string;
}

const AZURE_GATEWAY = '-g cmg-granitefalls -n granitefalls';

/** Tells what to try now, in lines that can be pasted into a shell as they are. */
export function invitation(invited: Invited): readonly string[] {
  const { controlPlane, azure, caFile, clientCaFile, serviceName, dnsPort, port, logFile } = invited;
  return [
    '',
    'Everything is up. Try in another terminal:',
    '',
    `  export KUBECONFIG=${controlPlane.kubeconfigPath}`,
    `  export PATH=${dirname(controlPlane.kubectlPath)}:$PATH`,
    '  kubectl get cmg',
    '  kubectl describe cmg granitefalls',
    '  kubectl get cmsite,cmgcp,bgr',
    `  kubectl patch cmg granitefalls --type merge -p '{"spec":{"vm":{"instances":3}}}'`,
    '  kubectl get events.events.k8s.io --field-selector regarding.kind=CMG',
    '  kubectl delete cmg granitefalls',
    '',
    'Look the gateway up and connect to it as a client does; without a token it answers 401:',
    '',
    `  dig +short -p ${dnsPort} @127.0.0.1 ${serviceName}`,
    `  curl --silent --cacert ${clientCaFile} --connect-to ${serviceName}:443:127.0.0.1:${port} https://${serviceName}/CCM_Proxy_ServerAuth/1`,
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
