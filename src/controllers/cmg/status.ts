import type { CMG, CMGStatus } from '../../api/v1alpha1/cmg.generated.ts';
import { toTimestamp } from '../../runtime/conditions.ts';
import { conditionsAfter, conditionsAfterFailure, type SummaryRules } from '../summary.ts';
import type { Finding } from './finding.ts';
import { isManaged } from './managed-cmg.ts';
import type { Report } from './report.ts';

const AZURE: readonly Finding['type'][] = ['CertificateValid', 'PrerequisitesMet', 'AzureReady', 'ServiceHealthy'];
const SITE: readonly Finding['type'][] = ['SiteRegistered', 'ConnectionPointReady'];

/** What one reconcile adds to the status. Parts left out keep what they said. */
export interface StatusUpdate extends Partial<SiteParts> {
  readonly generation: number;
  readonly findings: readonly Finding[];
  readonly certificate?: CMGStatus['certificate'] | 'None';
  readonly credentials?: CMGStatus['credentials'];
  readonly deployments?: CMGStatus['deployments'];
  readonly activeDeployment?: string;
  readonly planned?: CMGStatus['planned'];
  readonly redeployment?: CMGStatus['redeployment'] | 'None';
  readonly leavingSince?: string;
  readonly serviceName: string;
  /** Whether the CMG names a site, so that conditions speak of it. Default: false. */
  readonly hasSite?: boolean;
  /** Whether the operator only looks: nothing then goes on, and nothing waits for a person. Default: no. */
  readonly observed?: boolean;
  /** Time of this reconcile in milliseconds since the epoch. */
  readonly now: number;
}

/** What the status says of the gateway's part on the site. */
export type SiteParts = Required<Pick<CMGStatus, 'connectionPorts' | 'clientAuthentication' | 'manualSteps'>>;

/** The status after a reconcile that came to this report. */
export function reportedStatus(cmg: CMG, report: Report, now: number): CMGStatus {
  const { certificate, credentials, deployment, planned, redeployment, leavingSince } = report;
  const one = deployment === undefined ? undefined : [deployment];
  const deployments = report.deployments?.slice() ?? one;
  const active = report.activeDeployment ?? (deployment?.phase === 'Active' ? deployment.id : undefined);
  return nextStatus(knownBefore(cmg), {
    generation: cmg.metadata.generation,
    serviceName: cmg.spec.serviceName,
    findings: report.findings,
    hasSite: cmg.spec.siteRef !== undefined,
    observed: !isManaged(cmg),
    now,
    ...report.site,
    ...(certificate === undefined ? {} : { certificate }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(deployments === undefined ? {} : { deployments }),
    ...(active === undefined ? {} : { activeDeployment: active }),
    ...(planned === undefined ? {} : { planned }),
    ...(redeployment === undefined ? {} : { redeployment }),
    ...(leavingSince === undefined ? {} : { leavingSince }),
  });
}

/** What an object that came back from a backup says of its deletion of old would cut the next one short. */
function knownBefore({ metadata, status }: CMG): CMGStatus | undefined {
  if (status === undefined || metadata.deletionTimestamp !== undefined) {
    return status;
  }
  const { leavingSince: _of, ...known } = status;
  return known;
}

/** The deployments, and while one takes the place of another, since when each is in its phase. */
function withPhaseTimes(
  previous: CMGStatus | undefined,
  deployments: NonNullable<CMGStatus['deployments']>,
  { redeployment, now }: StatusUpdate,
): NonNullable<CMGStatus['deployments']> {
  if (redeployment === undefined || redeployment === 'None') {
    return deployments;
  }
  return deployments.map(({ phaseSince: _, ...deployment }) => {
    const before = previous?.deployments?.find(({ id }) => id === deployment.id);
    const since = before?.phase === deployment.phase ? before.phaseSince : toTimestamp(now);
    return { ...deployment, ...(since === undefined ? {} : { phaseSince: since }) };
  });
}

/** The status after a reconcile. */
export function nextStatus(previous: CMGStatus | undefined, update: StatusUpdate): CMGStatus {
  const { connectionPorts, clientAuthentication, manualSteps } = update;
  const {
    activeDeployment,
    certificate: certificateBefore,
    credentials: credentialsBefore,
    redeployment: before,
    ...known
  } = previous ?? {};
  const certificate = update.certificate ?? certificateBefore;
  const redeployment = update.redeployment ?? before;
  const credentials = update.credentials ?? credentialsBefore;
  const isGone = update.deployments?.every(({ id }) => id !== activeDeployment) === true;
  return {
    ...known,
    ...(isGone || activeDeployment === undefined ? {} : { activeDeployment }),
    observedGeneration: update.generation,
    serviceName: update.serviceName,
    conditions: [...conditionsAfter(previous?.conditions, update, rulesFor(update))],
    ...(certificate === undefined || certificate === 'None' ? {} : { certificate }),
    ...(credentials?.expiresAt === undefined ? {} : { credentials }),
    ...(update.deployments === undefined ? {} : { deployments: withPhaseTimes(previous, update.deployments, update) }),
    ...(update.planned === undefined ? {} : { planned: update.planned }),
    ...(update.leavingSince === undefined ? {} : { leavingSince: update.leavingSince }),
    ...(redeployment === undefined || redeployment === 'None' ? {} : { redeployment }),
    ...(update.activeDeployment === undefined ? {} : { activeDeployment: update.activeDeployment }),
    ...(connectionPorts === undefined ? {} : { connectionPorts }),
    ...(clientAuthentication === undefined ? {} : { clientAuthentication }),
    ...(manualSteps === undefined ? {} : { manualSteps }),
  };
}

/**
 * The status after a reconcile that failed for a reason that nobody foresaw. What was known stays; that it is not known
 * how the gateway stands now shows in `Ready`, until a reconcile ends as it should.
 */
export function failedStatus(previous: CMGStatus | undefined, update: FailedUpdate): CMGStatus {
  return {
    ...previous,
    observedGeneration: update.generation,
    serviceName: update.serviceName,
    conditions: [...conditionsAfterFailure(previous?.conditions, update, rulesFor(update))],
  };
}

/** What is known of a reconcile that failed. */
export type FailedUpdate = Pick<StatusUpdate, 'generation' | 'serviceName' | 'hasSite' | 'now'> & {
  readonly message: string;
};

function rulesFor({ hasSite = false, observed = false }: Pick<StatusUpdate, 'hasSite' | 'observed'>): SummaryRules {
  const summarised = hasSite ? [...AZURE, ...SITE] : AZURE;
  return {
    summarised,
    alwaysPresent: [...summarised, 'InSync'],
    absent: hasSite ? [] : SITE,
    passing: ['Redeploying'],
    ...(observed
      ? {
          onlyObserved: true,
          readyMessage:
            'The gateway serves clients, as far as it is seen. It is only observed: nothing in Azure is changed.',
        }
      : { readyMessage: 'The gateway is provisioned and serves clients.' }),
  };
}
