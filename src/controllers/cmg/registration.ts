import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import { isOthers } from '../../redeployment/others.ts';
import type { Condition } from '../../runtime/conditions.ts';
import { isSameName } from '../../site/names.ts';
import { isSiteFailure, type ServiceRecord, type Site, type SiteAnswer } from '../../site/site.ts';
import { describeSteps } from '../site/manual-steps.ts';
import { siteProblem } from '../site/site-problem.ts';
import type { Finding } from './finding.ts';
import { isManaged } from './managed-cmg.ts';
import { isClassic, type SiteStep } from './site-requirements.ts';

/** Whether the site has its record of the gateway. */
export interface Registered {
  readonly finding: Finding;
  readonly step?: SiteStep;
  readonly againAfterMs?: number;
}

export interface RegistrationInput {
  readonly cmg: CMG;
  readonly record: CMGStatusDeployment;
  /** SHA-1 of the server certificate, as the site has it; `undefined`: not read in this round. */
  readonly thumbprint: string | undefined;
  readonly live: Site;
  /** Of the top-level site. */
  readonly siteCode: string;
  readonly before: Condition | undefined;
  /** Time in milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** How soon it is looked whether the site shows a record that it has accepted. */
const READ_BACK_MS = 5_000;

const type = 'SiteRegistered';

/** Looks for the site's record of the gateway, by its service name, and has one made where there is none. */
export async function registration(
  input: RegistrationInput,
  records: SiteAnswer<readonly ServiceRecord[]>,
): Promise<Registered> {
  const { record, before, now } = input;
  if (isSiteFailure(records)) {
    const { retryAfterMs, ...problem } = siteProblem('Reading the records of gateways', records, before, now);
    return { finding: { type, ...problem }, againAfterMs: retryAfterMs };
  }
  const found = records.value.find(({ serviceName }) => isSameName(serviceName, record.serviceName));
  if (found !== undefined) {
    return { finding: ofRecord(found, record) };
  }
  if (!isManaged(input.cmg) || isOthers(record)) {
    const message = `The site has no record of the gateway ${record.serviceName}. The operator does not make one: it only looks at this gateway.`;
    return { finding: { type, status: 'False', reason: 'NotRegisteredOnSite', message } };
  }
  return register(input);
}

function ofRecord(found: ServiceRecord, record: CMGStatusDeployment): Finding {
  const { serviceName, fqdn, identity } = record;
  if (isClassic(found) && identity.deploymentModel !== 'CloudServiceClassic') {
    const message = `The site has a record of ${serviceName} as a classic cloud service (${found.deploymentName}), which is not this gateway. Remove that one, or choose another service name.`;
    return { type, status: 'False', reason: 'NotRegisteredOnSite', message };
  }
  if (found.serviceName !== serviceName) {
    const message = `The site has a record of ${found.serviceName}, which differs from ${serviceName} in upper and lower case. Clients and connection points take names as they are. Correct the record on the site, or spec.serviceName.`;
    return { type, status: 'False', reason: 'NotRegisteredOnSite', message };
  }
  if (found.state.kind === 'Deleting') {
    const then = isOthers(record) ? '' : ' It is made anew once that is done.';
    const message = `The site is deleting its record of ${serviceName}.${then}`;
    return { type, status: 'False', reason: 'SiteChanging', message };
  }
  if (found.state.kind === 'Unknown') {
    const { value } = found.state;
    const inState = value === undefined ? 'without a state' : `in the state ${value}, whose meaning is not known`;
    const message = `The site has a record of the gateway ${serviceName}, ${inState}. It counts as neither in order nor wrong: what is linked stays linked, and nothing new is until the state is one that is known.`;
    return { type, status: 'Unknown', reason: 'SiteStateUnknown', message };
  }
  const elsewhere =
    found.deploymentName !== '' && fqdn !== undefined && !isSameName(found.deploymentName, fqdn)
      ? ` It says that the gateway is ${found.deploymentName}, and it is ${fqdn}: correct the record, or make it anew.`
      : '';
  const message = `The site has a record of the gateway ${serviceName}, in the region ${found.region}.${elsewhere}`;
  return { type, status: 'True', reason: 'Succeeded', message };
}

async function register(input: RegistrationInput): Promise<Registered> {
  const { cmg, record, thumbprint, live, before, now, signal } = input;
  if (thumbprint === undefined) {
    const message =
      'The site has no record of the gateway, and none is made while the server certificate cannot be read.';
    return { finding: { type, status: 'Unknown', reason: 'WaitingForSite', message } };
  }
  const { identity } = record;
  const result = await live.registerService(
    {
      serviceName: record.serviceName,
      deploymentName: record.fqdn ?? '',
      description: `Kubernetes CMG ${cmg.metadata.namespace}/${cmg.metadata.name}`,
      region: identity.region,
      siteCode: input.siteCode,
      subscriptionId: identity.subscriptionId,
      resourceGroup: identity.resourceGroup,
      certificateThumbprint: thumbprint,
      instances: cmg.spec.vm.instances,
    },
    { signal },
  );
  if (result.kind === 'Manual') {
    const message = `The site has no record of the gateway ${record.serviceName}. ${describeSteps([result.step])}`;
    return { finding: { type, status: 'False', reason: 'NotRegisteredOnSite', message }, step: result.step };
  }
  if (isSiteFailure(result)) {
    const { retryAfterMs, ...problem } = siteProblem('Making the record of the gateway', result, before, now, 'False');
    return { finding: { type, ...problem }, againAfterMs: retryAfterMs };
  }
  const message = `The site has accepted the record of the gateway ${record.serviceName}, and does not show it yet.`;
  return { finding: { type, status: 'False', reason: 'SiteChanging', message }, againAfterMs: READ_BACK_MS };
}
