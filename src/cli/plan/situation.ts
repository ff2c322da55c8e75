import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import type { ManagedCmg } from '../../controllers/cmg/managed-cmg.ts';
import { consentsOf, recordsOf } from '../../controllers/cmg/redeployment/records.ts';
import { wishOf } from '../../controllers/cmg/redeployment/wish.ts';
import type { Instant } from '../../redeployment/instant.ts';
import type { Observed, ObservedDeployment, ObservedPoint, ObservedSite } from '../../redeployment/observed.ts';
import { isOthers } from '../../redeployment/others.ts';
import { look } from '../../redeployment/planner.ts';
import type { DeploymentRecord } from '../../redeployment/record.ts';
import { RULES } from '../../redeployment/rules.ts';
import type { Situation } from '../../redeployment/situation.ts';

/** The connection points of a CMG; `NotRead`: whoever asks may not read them. */
export type KnownPoints =
  | { readonly kind: 'Read'; readonly points: readonly ObservedPoint[] }
  | { readonly kind: 'NotRead' };

/**
 * What the planner would find if the manifest were applied: its own view of what the status remembers, with the gateways as
 * the status has them. What the status does not tell is taken to be well: certificates, names in DNS, Azure.
 *
 * @param cmg the CMG with the spec that it would have
 */
export function situationWith(cmg: ManagedCmg, points: KnownPoints, now: Instant): Situation {
  const records = recordsOf(cmg.status);
  const observed: Observed = {
    localTime: now,
    deployments: records.deployments.map(presumed),
    inventory: 'Complete',
    site: siteOf(cmg, points),
    otherGateways: [],
    carriers: [],
    consents: consentsOf(cmg),
    clientPasses: [],
    certificateReadable: true,
    preflight: { passed: true, wholePassed: true },
    mayDeleteGateway: true,
    freshId: '',
  };
  return look(RULES, wishOf(cmg), records, observed, now);
}

/** A connection point as its object tells of it. */
export function pointOf({ metadata, spec, status }: ConnectionPoint): ObservedPoint {
  return {
    name: metadata.name,
    role: status?.installed === false ? 'Primary' : spec.role,
    ...(status?.serviceName === undefined ? {} : { linkedTo: status.serviceName }),
    connected: CONNECTED[status?.connected ?? 'Unknown'],
  };
}

const CONNECTED = { True: 'Yes', Partly: 'Yes', False: 'No', Unknown: 'Unknown' } as const;

function siteOf({ spec }: ManagedCmg, points: KnownPoints): ObservedSite {
  if (spec.siteRef === undefined) {
    return { kind: 'None' };
  }
  return points.kind === 'Read' ? { kind: 'Read', points: points.points, groups: [] } : { kind: 'Unreachable' };
}

function presumed(record: DeploymentRecord): ObservedDeployment {
  // What the site has made may have served from its first moment.
  const isUnmade = isOthers(record) && record.served === 'No';
  return {
    id: record.id,
    azure: isUnmade ? 'Absent' : 'Whole',
    mark: isUnmade ? { kind: 'None' } : isOthers(record) ? { kind: 'Others' } : { kind: 'Read', mark: record },
    running: record.stage.phase === 'Draining' && record.stage.stoppedAt !== undefined ? 'No' : 'Yes',
    instancesServe: record.stage.phase === 'Provisioning' ? 'No' : 'Yes',
    certificatePresented: 'Yes',
    resolves: 'Yes',
    siteRecord: isUnmade ? 'No' : 'Yes',
    credentialsMissing: false,
  };
}
