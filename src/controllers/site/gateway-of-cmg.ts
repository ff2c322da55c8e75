import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import { CLIENT_PORT, FIRST_INSTANCE_PORT } from '../../gateway/ports.ts';
import { isConditionTrue } from '../../runtime/conditions.ts';
import { keyOf } from '../../runtime/objects.ts';
import { isManaged } from '../cmg/managed-cmg.ts';

/** A person sets it to the id of a deployment to let its last connection point go, which cuts clients off. */
export const OUTAGE_ANNOTATION = 'configmgr.io/allow-client-outage';

/** What of a CMG matters to what is on its site. */
export interface GatewayOfCmg {
  /** `namespace/name` of the CMG. */
  readonly key: string;
  readonly name: string;
  /** Id of the deployment that serves, or was made to; `undefined`: there is none yet. */
  readonly deployment: string | undefined;
  readonly serviceName: string;
  readonly instances: number;
  /** Whether clients may prove who they are by a certificate of a PKI. */
  readonly trustsClientCertificates: boolean;
  readonly hasSite: boolean;
  /** Whether the site has the record of the gateway, and everything there is in order for links and groups. */
  readonly isRegistered: boolean;
  /** The operator only looks at the gateway, and changes nothing for it on the site either. */
  readonly isOnlyObserved: boolean;
  /** Whether the gateway serves as far as Azure is concerned. */
  readonly isServing: boolean;
  /** `Deleted`: the gateway goes with its CMG; `Retained`: it stays in Azure when the CMG goes. */
  readonly leaving: 'No' | 'Deleted' | 'Retained';
  /** The deployment whose last connection point may go, as a person has consented. */
  readonly outageConsent: string | undefined;
}

export function gatewayOfCmg(cmg: CMG): GatewayOfCmg {
  const { metadata, spec, status } = cmg;
  const record = status?.deployments?.find(({ id }) => id === status.activeDeployment);
  return {
    key: keyOf({ metadata }),
    name: metadata.name,
    deployment: record?.id,
    serviceName: record?.serviceName ?? spec.serviceName,
    instances: spec.vm.instances,
    trustsClientCertificates: (spec.clientAuthentication.trustedCertificates ?? []).length > 0,
    hasSite: spec.siteRef !== undefined,
    isRegistered: isConditionTrue(status?.conditions, 'SiteRegistered'),
    isOnlyObserved: !isManaged(cmg),
    isServing: isConditionTrue(status?.conditions, 'ServiceHealthy'),
    leaving:
      metadata.deletionTimestamp === undefined
        ? 'No'
        : !isManaged(cmg) || spec.deletionPolicy === 'Retain' || spec.deletionProtection
          ? 'Retained'
          : 'Deleted',
    outageConsent: metadata.annotations?.[OUTAGE_ANNOTATION],
  };
}

/** A CMG that is gone, of which nothing is known but its name. */
export function goneGateway(key: string, serviceName: string): GatewayOfCmg {
  return {
    key,
    name: key.slice(key.indexOf('/') + 1),
    deployment: undefined,
    serviceName,
    instances: 1,
    trustsClientCertificates: false,
    hasSite: false,
    isRegistered: false,
    isOnlyObserved: false,
    isServing: false,
    leaving: 'No',
    outageConsent: undefined,
  };
}

/** Whether two states of a CMG differ in what matters to what is on its site. */
export function isSameGateway(left: CMG, right: CMG): boolean {
  return JSON.stringify(gatewayOfCmg(left)) === JSON.stringify(gatewayOfCmg(right));
}

/**
 * TCP ports of a gateway that its connection points have to reach: that of clients with one VM, else one for each VM ("Data
 * flow for cloud management gateway").
 */
export function connectionPorts(instances: number): readonly number[] {
  return instances === 1 ? [CLIENT_PORT] : Array.from({ length: instances }, (_, index) => FIRST_INSTANCE_PORT + index);
}
