import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { normaliseLocation } from '../../../azure/resource-id.ts';
import { wantedInstances } from '../../../gateway/observed-gateway.ts';
import { changeGatewayStep, type GatewayChange } from '../../../site/gateway-steps.ts';
import { isSameName } from '../../../site/names.ts';
import type { ServiceRecord } from '../../../site/site.ts';
import { describeSteps } from '../../site/manual-steps.ts';
import { readCredentials } from '../credentials.ts';
import { withExpiry } from '../credentials-expiry.ts';
import type { Finding, StepResult } from '../finding.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import { untilNextLook } from '../observe.ts';
import { judgePresented } from '../observed-certificate.ts';
import type { SeenGateway } from '../observed-parts.ts';
import type { Report } from '../report.ts';
import type { Scope } from '../scope.ts';
import { certificateStatus, checkServerCertificate, type UsableCertificate } from '../server-certificate.ts';
import type { Look } from './look.ts';
import { type SeenOthers, seeOthers } from './look-at-others.ts';
import type { DescriptionOwner } from './site-description.ts';
import type { SiteFacts } from './site-facts.ts';
import { certificatePlace, creationStep } from './site-gateway-steps.ts';

/** What the site has to do about a gateway that the CMG asks it for; its records say how the step reads. */
export type SiteWork =
  /** Azure does not show it. */
  | { readonly kind: 'Missing' }
  | { readonly kind: 'Differs'; readonly differences: readonly string[]; readonly change: GatewayChange };

/**
 * Looks at the gateway that the CMG asks the site for: as at any that the site made, and at the certificate that it is to have,
 * and compares of it what can be seen. Nothing is written.
 */
export async function lookAtSiteGateway(scope: Scope, deployment: CMGStatusDeployment): Promise<Look> {
  const certificate = await checkServerCertificate(scope);
  const others = await seeOthers(scope, deployment);
  const presented = await judgePresented(others.service?.presented, deployment.serviceName, scope.clock.now());
  // What is presented and is none is not what the Secret holds, of which this condition has to tell.
  const isSeen = presented.status !== undefined;
  const valid = certificate.kind === 'Halt' || !isSeen ? certificate.findings : [presented.finding];
  const found = others.look.report?.findings ?? [];
  const { inSync, work } = compared(scope, others, certificate);
  const findings: readonly Finding[] = [...valid, ...prerequisites(found), ...found, inSync];
  const report: Report = {
    happenings: [],
    deployment,
    ...others.look.report,
    findings: others.gateway === undefined ? [...findings, NOT_SERVING] : findings,
    ...certificateOf(certificate, presented.status),
    againAfterMs: untilNextLook(scope, findings),
  };
  const credentials = await readCredentials(scope, deployment.identity.tenantId);
  return {
    observed: others.look.observed,
    report: credentials.kind === 'Halt' ? report : withExpiry(report, credentials.value.expiry, scope.clock.now()),
    ...(work === undefined ? {} : { work }),
  };
}

const UNSEEN = { status: 'Unknown', reason: 'NotObserved', message: 'There is no gateway to look at.' } as const;
const NOT_SERVING: Finding = { type: 'ServiceHealthy', ...UNSEEN };

/** What was not allowed to be read has its own finding. */
function prerequisites(found: readonly Finding[]): readonly Finding[] {
  const isTold = found.some(({ type, status }) => type === 'PrerequisitesMet' || status === 'Unknown');
  return isTold ? [] : [mayLook()];
}

/** Whether the site can make a gateway, it finds out by itself. */
export function mayLook(): Finding {
  const message =
    'The application signs in to Azure, and may look for the gateway. The site makes it by its own rights.';
  return { type: 'PrerequisitesMet', status: 'True', reason: 'Succeeded', message };
}

/** The certificate of the Secret, until when the one is valid that clients see. */
function certificateOf(
  certificate: StepResult<UsableCertificate>,
  presented: ReturnType<typeof certificateStatus> | undefined,
): Pick<Report, 'certificate'> {
  if (certificate.kind === 'Halt') {
    return {};
  }
  const { notAfter, sha256Fingerprint } = presented ?? certificateStatus(certificate.value.certificate);
  return { certificate: { ...certificateStatus(certificate.value.certificate), notAfter, sha256Fingerprint } };
}

interface Compared {
  readonly inSync: Finding;
  readonly work?: SiteWork;
}

function compared(
  scope: Scope,
  { look, gateway, service }: SeenOthers,
  stored: StepResult<UsableCertificate>,
): Compared {
  if (gateway === undefined) {
    const inSync: Finding = { type: 'InSync', ...UNSEEN };
    return look.observed.azure === 'Absent' ? { inSync, work: { kind: 'Missing' } } : { inSync };
  }
  const misplaced = misplacement(scope.cmg, gateway);
  if (misplaced !== undefined) {
    const message = `${misplaced} Set spec.managementPolicy to Observe with that value, and then back to Manage.`;
    return { inSync: { type: 'InSync', status: 'False', reason: 'ObservedDiffers', message } };
  }
  const instances = wantedInstances(gateway.heart);
  const { vm } = scope.cmg.spec;
  const presented = service?.presented?.kind === 'Presented' ? service.presented.sha256Fingerprint : undefined;
  const asked = stored.kind === 'Continue' ? stored.value.certificate.sha256Fingerprint : undefined;
  const isOther = presented !== undefined && asked !== undefined && presented !== asked;
  const place = certificatePlace(scope.cmg);
  const differences = [
    ...(instances === undefined || instances === vm.instances
      ? []
      : [`It has ${instances} VMs, and spec.vm.instances is ${vm.instances}.`]),
    ...(isOther ? [`It presents another certificate than that in ${place}.`] : []),
  ];
  if (differences.length === 0) {
    return { inSync: asDeclared(instances !== undefined, presented !== undefined) };
  }
  const change: GatewayChange = {
    instances: instances === vm.instances ? undefined : vm.instances,
    certificate: isOther ? place : undefined,
  };
  const message = differences.join(' ');
  return {
    inSync: { type: 'InSync', status: 'False', reason: 'ManualStepRequired', message },
    work: { kind: 'Differs', differences, change },
  };
}

/** In what the gateway is another one than the CMG asks for; such a field cannot be changed on it. */
function misplacement({ spec }: ManagedCmg, { heart, type }: SeenGateway): string | undefined {
  if (type.model !== spec.deploymentModel) {
    return `spec.deploymentModel is ${spec.deploymentModel}, but the gateway is a ${type.model}.`;
  }
  const location = typeof heart.location === 'string' ? normaliseLocation(heart.location) : undefined;
  return location === undefined || location === normaliseLocation(spec.azure.region)
    ? undefined
    : `spec.azure.region is ${spec.azure.region}, but the gateway is in ${location}.`;
}

function asDeclared(areVmsSeen: boolean, isCertificateSeen: boolean): Finding {
  const seen = [...(areVmsSeen ? ['the number of its VMs'] : []), ...(isCertificateSeen ? ['its certificate'] : [])];
  const compared = seen.length === 0 ? 'Nothing of it' : seen.join(' and ');
  const message = `The gateway is in the place that the spec names. What can be compared of it is as declared: ${compared}. The operator cannot see the rest.`;
  return { type: 'InSync', status: 'True', reason: 'Succeeded', message };
}

/** The look with what is for the site to do, in the words of a person at the site. */
export function withSiteWork(
  look: Look,
  owner: DescriptionOwner,
  deployment: CMGStatusDeployment,
  { records }: SiteFacts,
): Look {
  const { work, report } = look;
  if (work === undefined || report === undefined) {
    return look;
  }
  const record = records?.find((each) => isSameName(each.serviceName, deployment.serviceName));
  if (work.kind === 'Differs') {
    const step = changeGatewayStep(record?.name ?? deployment.serviceName, work.change);
    const message = `${work.differences.join(' ')} ${describeSteps([step])}`;
    const findings = report.findings.map((finding) => (finding.type === 'InSync' ? { ...finding, message } : finding));
    return { ...look, report: { ...report, findings, steps: [step] } };
  }
  const finding = missing(owner, deployment, records === undefined ? 'Unknown' : record);
  const others = report.findings.filter(({ type }) => type !== 'AzureReady');
  return { ...look, report: { ...report, findings: [...others, finding] } };
}

/** What it means that Azure does not show the gateway, by what the site says of it. */
function missing(
  owner: DescriptionOwner,
  deployment: CMGStatusDeployment,
  record: ServiceRecord | 'Unknown' | undefined,
): Finding {
  const { serviceName, identity } = deployment;
  const where = `The gateway ${serviceName} is not in the resource group ${identity.resourceGroup}`;
  const type = 'AzureReady';
  if (record === undefined) {
    const message = `${where}, and the site has none of that name: a person has the site make it. ${describeSteps([creationStep(owner, deployment)])}`;
    return { type, status: 'False', reason: 'ManualCreationRequired', message };
  }
  if (record === 'Unknown') {
    const message = `${where}, and the site does not say whether it is making it.`;
    return { type, status: 'Unknown', reason: 'SiteUnreachable', message };
  }
  switch (record.state.kind) {
    case 'Provisioning':
      return { type, status: 'False', reason: 'Provisioning', message: `${where} yet. The site is making it.` };
    case 'Deleting':
      return {
        type,
        status: 'False',
        reason: 'SiteChanging',
        message: `${where}. The site is deleting its record of it.`,
      };
    default: {
      const message = `${where}, and the site has a record of it, ${record.name}. If the site has just begun to make it, wait. If somebody deleted it in Azure, have the site delete its record too, and it can be made anew.`;
      return { type, status: 'False', reason: 'GatewayNotFound', message };
    }
  }
}
