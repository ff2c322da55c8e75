import type { Manifest } from '../world/gateway-manifests.ts';

/** One of the two gateways of the demo, as the CMG asks for it. */
export interface DemoGateway {
  readonly serviceName: string;
  readonly region: string;
  /** Name in Azure, to which the alias of the service name leads. */
  readonly fqdn: string;
  readonly resourceGroup: string;
  /** Name of the Secret with its certificate. */
  readonly secret: string;
}

/** The gateway that is there at first. */
export const EARLIER: DemoGateway = demoGateway('bellevue', 'northeurope');

/** The one that takes its place, and stays. */
export const LATER: DemoGateway = demoGateway('granitefalls', 'westeurope');

function demoGateway(label: string, region: string): DemoGateway {
  return {
    serviceName: `${label}.contoso.com`,
    region,
    fqdn: `${label}.${region}.cloudapp.azure.com`,
    resourceGroup: `cmg-${label}`,
    secret: `${label}-tls`,
  };
}

/** A CMG that asks for this gateway, and else for the same as before. */
export function askingFor(cmg: Manifest, { serviceName, region, resourceGroup, secret }: DemoGateway): Manifest {
  const spec = cmg.spec as { readonly azure: object };
  return {
    ...cmg,
    spec: {
      ...spec,
      serviceName,
      azure: { ...spec.azure, region, resourceGroup: { name: resourceGroup } },
      serverCertificate: { secretRef: { name: secret } },
    },
  };
}
