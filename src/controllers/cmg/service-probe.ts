import type { GatewayDeployment } from '../../gateway/deployment.ts';
import { CLIENT_PORT, FIRST_INSTANCE_PORT } from '../../gateway/ports.ts';
import type { TlsProbeResult } from '../../probe/tls-probe.ts';
import type { Finding } from './finding.ts';
import type { Scope } from './scope.ts';

/** Where a gateway is to be reached, and what it has to show there. */
export interface ServiceProbe {
  readonly deployment: Pick<GatewayDeployment, 'serviceName' | 'instances' | 'certificate'>;
  /** Public IP address; `undefined` while Azure has told none. */
  readonly address: string | undefined;
}

/**
 * Connects to the gateway as clients and connection points do, and compares the certificate that it presents with the
 * declared one: only that proves that the service package took it. Asked once Azure finds every VM healthy. What was found
 * right is not asked again within the drift interval.
 */
export async function probeService(
  { probe, memory, clock, driftIntervalMs, signal }: Scope,
  { deployment, address }: ServiceProbe,
): Promise<Finding> {
  if (probe === undefined) {
    return serves(
      'Every VM serves, as far as Azure tells. The operator does not connect to it: --gateway-probe is AzureOnly.',
    );
  }
  if (address === undefined) {
    return {
      type: 'ServiceHealthy',
      status: 'Unknown',
      reason: 'InstancesStarting',
      message: 'Azure has not told the public IP address yet.',
    };
  }
  const { serviceName, certificate } = deployment;
  const ports = portsOf(deployment.instances);
  const key = [address, certificate.sha256Fingerprint, ...ports].join(' ');
  const known = memory.probed;
  if (known?.key === key && clock.now() - known.at < driftIntervalMs) {
    return serves('Every VM serves.');
  }
  for (const port of ports) {
    const result = await probe({ address, port, serverName: serviceName }, signal);
    const problem = problemOf(result, {
      address,
      port,
      serviceName,
      expected: certificate.sha256Fingerprint,
      instances: deployment.instances,
    });
    if (problem !== undefined) {
      memory.probed = undefined;
      return problem;
    }
  }
  memory.probed = { key, at: clock.now() };
  return serves('Every VM serves.');
}

/** Clients' port, and with two or more VMs the port of each, so that every VM is seen. */
function portsOf(instances: number): readonly number[] {
  return instances < 2
    ? [CLIENT_PORT]
    : [CLIENT_PORT, ...Array.from({ length: instances }, (_, index) => FIRST_INSTANCE_PORT + index)];
}

interface Expectation {
  readonly address: string;
  readonly port: number;
  readonly serviceName: string;
  /** SHA-256 of the declared certificate. */
  readonly expected: string;
  readonly instances: number;
}

function problemOf(result: TlsProbeResult, expectation: Expectation): Finding | undefined {
  const { address, port, serviceName, expected } = expectation;
  const where = `${address} port ${port}`;
  switch (result.kind) {
    case 'NoConnection':
      return unhealthy(
        'GatewayUnreachable',
        `The operator cannot connect to ${where}: ${result.message}. Azure finds every VM healthy, so look at what lies between: security rules that somebody added in Azure, a firewall, a NetworkPolicy of the cluster. An operator that may not reach gateways runs with --gateway-probe AzureOnly.`,
      );
    case 'NoCertificate':
      return unhealthy(
        'GatewayUnreachable',
        `${saying(expectation)} accepts connections at ${where} and presents no certificate for ${serviceName}: ${result.message}. Look at the logs of the service package in the VM.`,
      );
    case 'Presented':
      return result.sha256Fingerprint === expected
        ? undefined
        : unhealthy(
            'CertificateNotServed',
            `${saying(expectation)} presents at ${where} the certificate ${result.subject} with the SHA-256 ${result.sha256Fingerprint}, not the declared one with ${expected}. The setup of the service package has to take the certificate that its settings name; look at its logs in the VM.`,
          );
    default:
      return result satisfies never;
  }
}

/** Which VM answers is known when there is one, or by its own port. */
function saying({ port, instances }: Expectation): string {
  if (instances < 2) {
    return 'The VM of the gateway';
  }
  return port === CLIENT_PORT ? 'A VM of the gateway' : `The VM behind port ${port}`;
}

function serves(message: string): Finding {
  return { type: 'ServiceHealthy', status: 'True', reason: 'Succeeded', message };
}

function unhealthy(reason: 'GatewayUnreachable' | 'CertificateNotServed', message: string): Finding {
  return { type: 'ServiceHealthy', status: 'False', reason, message };
}
