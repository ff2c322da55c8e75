import type { CMG, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import { isOthers } from '../../redeployment/others.ts';
import { findCondition } from '../../runtime/conditions.ts';
import { keyOf } from '../../runtime/objects.ts';
import { isSameName } from '../../site/names.ts';
import { type ClientAuthentication, isSiteFailure, type ServiceRecord, type Site } from '../../site/site.ts';
import { connectionPorts } from '../site/gateway-of-cmg.ts';
import { stepsForStatus } from '../site/manual-steps.ts';
import { primariesOf } from '../site/primary-sites.ts';
import { SHARED_AGE_MS } from '../site/usable-site.ts';
import { authenticationNeeds, type KnownOfSite, NOTHING_KNOWN } from './authentication-needs.ts';
import { connectionPointFinding } from './connection-point-ready.ts';
import type { Finding } from './finding.ts';
import { isManaged } from './managed-cmg.ts';
import { DISTRIBUTION_BY_PERSON } from './redeployment/content-steps.ts';
import { CHANGE_BY_PERSON, CREATION_BY_PERSON } from './redeployment/site-gateway-steps.ts';
import { DELETION_BY_PERSON } from './redeployment/steps-for-person.ts';
import { type Registered, registration } from './registration.ts';
import type { Report } from './report.ts';
import { classicSteps, type SiteStep, uncheckedSteps, versionFinding } from './site-requirements.ts';
import type { SiteScope } from './site-scope.ts';
import type { SiteParts } from './status.ts';
import { stepsWithoutSite } from './steps-without-site.ts';

export interface OnSiteInput {
  readonly cmg: CMG;
  readonly site: SiteScope;
  /** Time in milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** How often it is looked whether a person has made the record of the gateway. */
const PERSON_MS = 60_000;

/**
 * What the round found of the gateway in Azure, with its part on the site: its record there, its connection points, and what
 * is left for a person. The site is looked at once the gateway has served; before, there is nothing on it to be found.
 */
export async function followOnSite(input: OnSiteInput, report: Report): Promise<Report> {
  return withStepsOfRedeployment(input.cmg, await followGateway(input, report));
}

/** The operations of steps that are about a gateway that the site makes, or that a redeployment asks for. */
const OF_REDEPLOYMENT: ReadonlySet<string> = new Set([
  CREATION_BY_PERSON,
  CHANGE_BY_PERSON,
  DELETION_BY_PERSON,
  DISTRIBUTION_BY_PERSON,
]);

/** With what a person has to do for a redeployment first, in the place of what was told of it before. */
function withStepsOfRedeployment({ status }: CMG, report: Report): Report {
  const { steps = [], site } = report;
  const before = status?.manualSteps?.filter(({ operation }) => !OF_REDEPLOYMENT.has(operation)) ?? [];
  const isNew = steps.length > 0 || before.length < (status?.manualSteps?.length ?? 0);
  const others = site?.manualSteps ?? (isNew ? before : undefined);
  return others === undefined
    ? report
    : { ...report, site: { ...site, manualSteps: stepsForStatus([...steps, ...others]) } };
}

async function followGateway(input: OnSiteInput, report: Report): Promise<Report> {
  const { cmg } = input;
  const record = report.deployment ?? cmg.status?.deployments?.find(({ phase }) => phase !== 'Deleting');
  const ports = [...connectionPorts(cmg.spec.vm.instances)];
  if (cmg.spec.siteRef === undefined) {
    const isOwn = isManaged(cmg) && record !== undefined && !isOthers(record);
    const steps = isOwn && record.phase === 'Active' ? stepsWithoutSite(cmg) : [];
    return withSite(report, [], parts(cmg, report, NOTHING_KNOWN, steps));
  }
  if (record === undefined || record.phase === 'Provisioning' || record.phase === 'Deleting') {
    const message = `The gateway ${record?.serviceName ?? cmg.spec.serviceName} is not built yet.`;
    const waiting = { status: 'Unknown', reason: 'WaitingForSite', message } as const;
    const findings: readonly Finding[] = [
      { type: 'SiteRegistered', ...waiting },
      { type: 'ConnectionPointReady', ...waiting },
    ];
    return withSite(report, findings, { connectionPorts: ports });
  }
  const usable = input.site.siteOf(cmg);
  const points = connectionPointFinding(input.site.connectionPointsOf(keyOf(cmg)), {
    serviceName: record.serviceName,
    instances: cmg.spec.vm.instances,
  });
  switch (usable.kind) {
    case 'Wait':
      return withSite(report, [], { connectionPorts: ports });
    case 'NotUsable': {
      const { status, reason, message } = usable;
      return withSite(report, [{ type: 'SiteRegistered', status, reason, message }, points], {
        connectionPorts: ports,
      });
    }
    case 'Usable': {
      const onSite = await lookAtSite(input, report, record, usable.object, usable.site);
      const found: SiteParts = parts(cmg, report, onSite.known, onSite.steps);
      return withSite(report, [onSite.finding, points], found, onSite.againAfterMs);
    }
    default:
      return usable satisfies never;
  }
}

function withSite(
  report: Report,
  findings: readonly Finding[],
  site: Partial<SiteParts>,
  againAfterMs = Number.POSITIVE_INFINITY,
): Report {
  return {
    ...report,
    findings: [...report.findings, ...findings],
    site,
    againAfterMs: Math.min(report.againAfterMs, againAfterMs),
  };
}

function parts(cmg: CMG, { findings }: Report, known: KnownOfSite, steps: readonly SiteStep[]): SiteParts {
  const valid = findings.some(({ type, status }) => type === 'CertificateValid' && status === 'True');
  return {
    connectionPorts: [...connectionPorts(cmg.spec.vm.instances)],
    clientAuthentication: [...authenticationNeeds(cmg, known, valid)],
    manualSteps: stepsForStatus(steps),
  };
}

interface Look {
  readonly finding: Finding;
  readonly known: KnownOfSite;
  readonly steps: readonly SiteStep[];
  readonly againAfterMs?: number;
}

async function lookAtSite(
  input: OnSiteInput,
  report: Report,
  record: CMGStatusDeployment,
  object: SiteObject,
  live: Site,
): Promise<Look> {
  const { cmg, signal } = input;
  const known = await knownOf(object, live, signal);
  const blocked = topLevelFinding(object) ?? versionFinding(cmg, object.status?.version);
  if (blocked !== undefined) {
    return { finding: blocked, known, steps: [] };
  }
  const before = findCondition(cmg.status?.conditions, 'SiteRegistered');
  const maxAgeMs = before?.status === 'True' ? SHARED_AGE_MS : 0;
  const records = await live.serviceRecords({ signal, maxAgeMs });
  const found = await registration(
    { ...input, record, thumbprint: report.certificateThumbprint, live, siteCode: object.spec.siteCode, before },
    records,
  );
  const all = isSiteFailure(records) ? [] : records.value;
  return { ...judged(cmg, object, record, all, found), known };
}

function judged(
  cmg: CMG,
  object: SiteObject,
  record: CMGStatusDeployment,
  records: readonly ServiceRecord[],
  { finding, step, againAfterMs }: Registered,
): Omit<Look, 'known'> {
  // What becomes of a gateway of this CMG, its redeployment tells.
  const own = [record, ...(cmg.status?.deployments ?? [])].map(({ serviceName }) => serviceName);
  const others = records.filter(({ serviceName }) => !own.some((name) => isSameName(name, serviceName)));
  const unchecked = finding.reason === 'NotRegisteredOnSite' ? uncheckedSteps(cmg, object.status?.version) : [];
  return {
    finding,
    steps: [...(step === undefined ? [] : [step]), ...unchecked, ...classicSteps(others)],
    ...(finding.status === 'True' ? {} : { againAfterMs: againAfterMs ?? PERSON_MS }),
  };
}

/** A CMG belongs to a top-level site. */
function topLevelFinding({ metadata, spec }: SiteObject): Finding | undefined {
  const message = `The Site ${metadata.name} is a child primary site, and a gateway belongs to the site above it. Name that one in spec.siteRef; the connection points may be on this one.`;
  return spec.type === 'ChildPrimary'
    ? { type: 'SiteRegistered', status: 'False', reason: 'NotTopLevelSite', message }
    : undefined;
}

/** What client authentication depends on. That some of it cannot be read hinders nothing else. */
async function knownOf({ status }: SiteObject, live: Site, signal: AbortSignal): Promise<KnownOfSite> {
  const options = { signal, maxAgeMs: SHARED_AGE_MS };
  const [identity, roles, settings] = await Promise.all([
    live.identity(options),
    live.clientFacingRoles(options),
    live.clientSettings(options),
  ]);
  const primaries = identity.kind === 'Answered' ? primariesOf(identity.value) : [];
  const clientAuthentication = new Map<string, ClientAuthentication>();
  for (const siteCode of primaries) {
    const answer = await live.clientAuthentication(siteCode, options);
    if (answer.kind === 'Answered' && answer.value !== undefined) {
      clientAuthentication.set(siteCode, answer.value);
    }
  }
  return {
    version: status?.version,
    roles: roles.kind === 'Answered' ? roles.value : undefined,
    clientAuthentication,
    allowCmg: settings.kind === 'Answered' ? settings.value.allowCmg : undefined,
  };
}
