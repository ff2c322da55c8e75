import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { CLIENT_PORT, FIRST_INSTANCE_PORT } from '../../gateway/ports.ts';
import { wasThereBefore } from '../../redeployment/others.ts';
import { effectiveConsents } from '../../redeployment/wanted.ts';
import { isConditionTrue } from '../../runtime/conditions.ts';
import { keyOf } from '../../runtime/objects.ts';
import { isSameName } from '../../site/names.ts';
import { leavingSince, staysInAzure } from '../cmg/leaving.ts';
import { isManaged } from '../cmg/managed-cmg.ts';
import { consentsOf } from '../cmg/redeployment/records.ts';

/** One physical gateway of a CMG, as far as it matters to what is on its site. */
export interface DeploymentOfCmg {
  readonly id: string;
  readonly serviceName: string;
  readonly phase: CMGStatusDeployment['phase'];
  /** Whether it is the one that serves clients, as far as one CMG has one. */
  readonly isActive: boolean;
  /** Whether clients may ever have depended on it. Any doubt is `true`. */
  readonly served: boolean;
  readonly instances: number;
  /** Whether it was there before the CMG asked for it, so that it stays when the CMG goes. */
  readonly stays: boolean;
  /** Names of the ConnectionPoints that the CMG assigns to it; `undefined`: it assigns none to any. */
  readonly connectionPoints: readonly string[] | undefined;
  /** Whether the boundary groups of the CMG are to reference it; `undefined`: the CMG does not say. */
  readonly inBoundaryGroups: boolean | undefined;
  /** Id of the deployment that it hands over to; `undefined`: it does not drain. */
  readonly drainsBehind: string | undefined;
  /** When it was last seen in reach of every client, milliseconds since 1970; `undefined`: it was not, or has been seen otherwise since. */
  readonly seenInReachAt: number | undefined;
}

/** What of a CMG matters to what is on its site. */
export interface GatewayOfCmg {
  /** `namespace/name` of the CMG. */
  readonly key: string;
  readonly name: string;
  /** Its physical gateways: one, but for the time in which another one takes its place. */
  readonly deployments: readonly DeploymentOfCmg[];
  /** Of the active deployment, or of the one that there will be. */
  readonly serviceName: string;
  /** VMs that the spec asks for. */
  readonly instances: number;
  /** Whether clients may prove who they are by a certificate of a PKI. */
  readonly trustsClientCertificates: boolean;
  readonly hasSite: boolean;
  /**
   * Whether the site has the record of the only gateway, and everything there is in order for links and groups. Of several,
   * the site's records tell.
   */
  readonly isRegistered: boolean;
  /** The operator only looks at the gateway, and changes nothing for it on the site either. */
  readonly isOnlyObserved: boolean;
  /** Whether the gateway serves as far as Azure is concerned. */
  readonly isServing: boolean;
  /** Whether the operator is to leave everything of the CMG as it is. It does not hold for a CMG that is being deleted. */
  readonly isSuspended: boolean;
  /**
   * `Awaited`: the CMG is being deleted, and its gateway serves on until the CMG's controller lets it leave; `Deleted`: it
   * leaves, and goes with its CMG; `Retained`: it stays in Azure when the CMG goes.
   */
  readonly leaving: 'No' | 'Awaited' | 'Deleted' | 'Retained';
  /** When it began to leave its site, in milliseconds since the epoch; `undefined`: it has not, or that is not known. */
  readonly leavingSince: number | undefined;
  /** The deployment whose last connection point may go, as a person has consented since something else was wanted. */
  readonly outageConsent: string | undefined;
  /** Whether there is such a consent at all, although it may have lapsed. */
  readonly hasOutageConsent: boolean;
}

export function gatewayOfCmg(cmg: CMG): GatewayOfCmg {
  const { metadata, spec, status } = cmg;
  const deployments = deploymentsOfCmg(cmg);
  return {
    key: keyOf({ metadata }),
    name: metadata.name,
    deployments,
    serviceName: deployments.find(({ isActive }) => isActive)?.serviceName ?? spec.serviceName,
    instances: spec.vm.instances,
    trustsClientCertificates: (spec.clientAuthentication.trustedCertificates ?? []).length > 0,
    hasSite: spec.siteRef !== undefined,
    isRegistered: isConditionTrue(status?.conditions, 'SiteRegistered'),
    isOnlyObserved: !isManaged(cmg),
    isServing: isConditionTrue(status?.conditions, 'ServiceHealthy'),
    isSuspended: spec.suspend,
    leaving: leavingOf(cmg),
    leavingSince: leavingSince(cmg),
    ...consentOf(cmg),
  };
}

/** A consent that has lapsed counts no more, although its annotation is still there. */
function consentOf(cmg: CMG): Pick<GatewayOfCmg, 'outageConsent' | 'hasOutageConsent'> {
  const consents = consentsOf(cmg).filter(({ kind }) => kind === 'AllowClientOutage');
  const [counting] = effectiveConsents({ consents }, { lapsed: cmg.status?.planned?.lapsedConsents ?? [] });
  return { outageConsent: counting?.deployment, hasOutageConsent: consents.length > 0 };
}

function leavingOf(cmg: CMG): GatewayOfCmg['leaving'] {
  const { metadata, status } = cmg;
  if (metadata.deletionTimestamp === undefined) {
    return 'No';
  }
  if (staysInAzure(cmg)) {
    return 'Retained';
  }
  const isGoing = leavingSince(cmg) !== undefined;
  // Without a word about leaving, it has when nothing of it is left to serve.
  const serves = status?.deployments?.some((each) => each.phase !== 'Deleting' && !wasThereBefore(each)) === true;
  return isGoing || !serves ? 'Deleted' : 'Awaited';
}

/** Why nothing is changed on the site for a CMG for now, in sentences; `undefined`: it may be. */
export function holdOnSite(gateway: GatewayOfCmg): string | undefined {
  return (
    holdByCmg(gateway) ??
    (gateway.leaving === 'No' && isUndecided(gateway)
      ? `The CMG ${gateway.key} has several gateways, and does not say yet what each of them is to have on the site. Nothing is changed here until it does.`
      : undefined)
  );
}

/** The same, as far as the CMG says so itself: however long that takes. */
export function holdByCmg({ key, leaving, isSuspended }: GatewayOfCmg): string | undefined {
  if (leaving === 'Awaited') {
    return `The CMG ${key} is being deleted, and its gateway has not begun to leave the site. Its conditions say what it waits for; until then nothing is changed here.`;
  }
  return leaving === 'No' && isSuspended
    ? `The CMG ${key} is suspended. Nothing is changed here until its spec.suspend is false.`
    : undefined;
}

/** Its status may have been lost, and the site not have answered since: which of them clients depend on is not known then. */
function isUndecided({ deployments }: GatewayOfCmg): boolean {
  const standing = deployments.filter(({ phase }) => phase !== 'Deleting');
  return (
    standing.length > 1 &&
    standing.every(
      ({ connectionPoints, inBoundaryGroups }) => connectionPoints === undefined && inBoundaryGroups === undefined,
    )
  );
}

function deploymentsOfCmg({ spec, status }: CMG): readonly DeploymentOfCmg[] {
  const records = status?.deployments ?? [];
  const areSeveral = records.length > 1;
  return records.map((record) => {
    const isActive = record.id === status?.activeDeployment;
    return {
      id: record.id,
      serviceName: record.serviceName,
      phase: record.phase,
      isActive,
      // Versions of the operator that did not say so made one deployment, which had no clients before it was active.
      served: record.served ?? (areSeveral || isActive),
      // The spec speaks of the wanted one; another one keeps the VMs that it has.
      instances: (areSeveral ? record.instances?.wanted : undefined) ?? spec.vm.instances,
      stays: wasThereBefore(record),
      connectionPoints: record.connectionPoints,
      inBoundaryGroups: record.inBoundaryGroups,
      drainsBehind: record.drainsBehind,
      seenInReachAt: seenInReachAt(record),
    };
  });
}

function seenInReachAt({ advertised }: CMGStatusDeployment): number | undefined {
  return advertised === undefined || advertised.otherwiseSince !== undefined
    ? undefined
    : Date.parse(advertised.seenAt);
}

/** The deployment that serves clients, or was made to; `undefined`: there is none yet. */
export function activeDeployment({ deployments }: GatewayOfCmg): DeploymentOfCmg | undefined {
  return deployments.find(({ isActive }) => isActive);
}

/** The deployment of a CMG that a name on the site stands for. */
export function deploymentByName({ deployments }: GatewayOfCmg, serviceName: string): DeploymentOfCmg | undefined {
  return deployments.find((deployment) => isSameName(deployment.serviceName, serviceName));
}

/** Every name by which the site may know a gateway of the CMG. */
export function serviceNamesOf({ deployments, serviceName }: GatewayOfCmg): readonly string[] {
  return [serviceName, ...deployments.map((deployment) => deployment.serviceName)];
}

/** A CMG that is gone, of which nothing is known but its name. */
export function goneGateway(key: string, serviceName: string): GatewayOfCmg {
  return {
    key,
    name: key.slice(key.indexOf('/') + 1),
    deployments: [],
    serviceName,
    instances: 1,
    trustsClientCertificates: false,
    hasSite: false,
    isRegistered: false,
    isOnlyObserved: false,
    isServing: false,
    isSuspended: false,
    leaving: 'No',
    leavingSince: undefined,
    outageConsent: undefined,
    hasOutageConsent: false,
  };
}

/** Whether two states of a CMG differ in what matters to what is on its site. That a gateway was seen once more does not. */
export function isSameGateway(left: CMG, right: CMG): boolean {
  const told = (cmg: CMG) =>
    JSON.stringify(gatewayOfCmg(cmg), (name, value: unknown) => (name === 'seenInReachAt' ? undefined : value));
  return told(left) === told(right);
}

/**
 * TCP ports of a gateway that its connection points have to reach: that of clients with one VM, else one for each VM ("Data
 * flow for cloud management gateway").
 */
export function connectionPorts(instances: number): readonly number[] {
  return instances === 1 ? [CLIENT_PORT] : Array.from({ length: instances }, (_, index) => FIRST_INSTANCE_PORT + index);
}
