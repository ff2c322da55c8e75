import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import type { ArmClient } from '../../../azure/arm-client.ts';
import { ArmError } from '../../../azure/errors.ts';
import type { SoughtGateway } from '../../../gateway/observed-gateway.ts';
import { isOwnedBy, ownershipOf } from '../../../gateway/tags.ts';
import { toTimestamp } from '../../../runtime/conditions.ts';
import { describeProblem } from '../azure-problem.ts';
import { readCredentials } from '../credentials.ts';
import { type CredentialsExpiry, withExpiry } from '../credentials-expiry.ts';
import { identityOf } from '../deployment.ts';
import { findGateway, type GatewaySearch } from '../find-gateway.ts';
import { type Finding, goOn, SLOW_RETRY_MS, type StepResult } from '../finding.ts';
import { newDeploymentId } from '../provision.ts';
import type { Report } from '../report.ts';
import type { Scope } from '../scope.ts';
import { certificateStatus, checkServerCertificate } from '../server-certificate.ts';
import { signIn } from '../sign-in.ts';
import { mayLook } from './look-at-site-gateway.ts';

/** How soon it is looked again what a gateway waits for that could be asked of the site. */
const LOOK_MS = 60_000;

/**
 * A gateway that the site is still to make, as far as its record. What it takes is a certificate that can be used, and that the
 * operator may look for it: whether the site can make it, the site finds out. Nothing is written.
 *
 * @param scope of the gateway that is still to be made
 * @param namesAreHeld whether another gateway of the CMG has its names, and goes first
 */
export async function proposeBySite(scope: Scope, namesAreHeld: boolean): Promise<Report> {
  const certificate = await checkServerCertificate(scope);
  if (certificate.kind === 'Halt') {
    return { findings: certificate.findings, happenings: [], againAfterMs: certificate.retryAfterMs };
  }
  const known = { certificate: certificateStatus(certificate.value.certificate), happenings: [] } as const;
  const access = await accessOf(scope);
  if (access.kind === 'Halt') {
    const findings = [...certificate.findings, ...access.findings];
    return { ...known, findings, againAfterMs: access.retryAfterMs };
  }
  const { arm, expiry } = access.value;
  const search = await searchFor(scope, arm);
  const problem = search.kind === 'NotSearched' ? search.problem : obstacle(scope, search, namesAreHeld);
  const findings = [...certificate.findings, problem ?? mayLook()];
  const report: Report =
    problem === undefined
      ? { ...known, findings, deployment: newRecord(scope, search.kind === 'Found'), againAfterMs: LOOK_MS }
      : { ...known, findings, againAfterMs: SLOW_RETRY_MS };
  return withExpiry(report, expiry, scope.clock.now());
}

async function accessOf(
  scope: Scope,
): Promise<StepResult<{ readonly arm: ArmClient; readonly expiry: CredentialsExpiry }>> {
  const credentials = await readCredentials(scope);
  if (credentials.kind === 'Halt') {
    return credentials;
  }
  const access = await signIn(scope, credentials.value);
  return access.kind === 'Halt' ? access : goOn({ arm: access.value.session.arm, expiry: credentials.value.expiry });
}

interface NotSearched {
  readonly kind: 'NotSearched';
  readonly problem: Finding;
}

async function searchFor({ cmg: { spec }, signal }: Scope, arm: ArmClient): Promise<GatewaySearch | NotSearched> {
  const sought: SoughtGateway = {
    subscriptionId: spec.azure.subscriptionId,
    resourceGroup: spec.azure.resourceGroup.name,
    serviceName: spec.serviceName,
    model: spec.deploymentModel,
  };
  try {
    return await findGateway(arm, sought, signal);
  } catch (error) {
    if (!(error instanceof ArmError)) {
      throw error;
    }
    const { reason, message, passing } = describeProblem('Looking for the gateway', error);
    return {
      kind: 'NotSearched',
      problem: { type: 'PrerequisitesMet', status: passing ? 'Unknown' : 'False', reason, message },
    };
  }
}

/** What of that name is there already, and is not what the CMG may take for its own; `undefined`: nothing. */
function obstacle(scope: Scope, search: GatewaySearch, namesAreHeld: boolean): Finding | undefined {
  const { serviceName } = scope.cmg.spec;
  const found = (reason: Finding['reason'], message: string): Finding => ({
    type: 'PrerequisitesMet',
    status: 'False',
    reason,
    message,
  });
  switch (search.kind) {
    case 'Several':
      return found(
        'SeveralGatewaysFound',
        `Several gateways for ${serviceName} are in the resource group: ${search.ids.join(', ')}. Remove those in the console that are not used any more.`,
      );
    case 'Missing':
      return search.elsewhere.length === 0 || namesAreHeld
        ? undefined
        : found(
            'GatewayNotFound',
            `The site is asked for no gateway ${serviceName}, as one of its name is elsewhere: ${search.elsewhere.join(', ')}. Correct spec.azure.resourceGroup.name, or choose a service name with another first label.`,
          );
    case 'Found': {
      const other = ownershipOf(search.heart.tags);
      return other === undefined || namesAreHeld || isOwnedBy(search.heart.tags, ownerOf(scope))
        ? undefined
        : found(
            'ResourceNotOwned',
            `The gateway ${search.id} carries the tags of ${other.owner}, so the site did not make it. Choose another spec.serviceName or resource group.`,
          );
    }
    default:
      return search satisfies never;
  }
}

function ownerOf({ cmg, installationId, clusterUid }: Scope) {
  const { namespace, name } = cmg.metadata;
  return { installationId, clusterUid, namespace, name };
}

/** @param isThere whether there is a gateway already, of which nobody knows whether clients depend on it */
function newRecord({ cmg, clock }: Scope, isThere: boolean): CMGStatusDeployment {
  return {
    id: newDeploymentId(),
    identity: { ...identityOf(cmg), provisioner: 'Site', deploymentModel: cmg.spec.deploymentModel },
    phase: 'Provisioning',
    serviceName: cmg.spec.serviceName,
    createdAt: toTimestamp(clock.now()),
    served: isThere,
  };
}
