import { cmdletLine } from '../../site/cmdlets.ts';
import type { ManualStep, WriteResult } from '../../site/site.ts';
import { primariesOf } from '../site/primary-sites.ts';
import { SHARED_AGE_MS } from '../site/usable-site.ts';
import type { PointRound } from './controller.ts';
import { siteCodeOfServer } from './facts.ts';
import type { ConnectionPointFacts, ConnectionPointPlan } from './plan.ts';

/** Carries out a change. What came of it shows when it is read back in a later round. */
export async function actOnPlan(
  round: PointRound,
  facts: ConnectionPointFacts,
  plan: ConnectionPointPlan,
): Promise<WriteResult> {
  const { live, context, point } = round;
  const options = { signal: context.signal };
  const { siteSystem } = point.spec;
  switch (plan.kind) {
    case 'Install': {
      const siteCode = await siteCodeFor(round, facts);
      return siteCode === undefined
        ? { kind: 'Manual', step: installStep(siteSystem, plan.record.name) }
        : live.addConnectionPoint({ siteSystem, siteCode, service: plan.record }, options);
    }
    case 'Link':
      return live.linkConnectionPoint({ siteSystem, siteCode: plan.role.siteCode, service: plan.record }, options);
    case 'Uninstall':
      return live.removeConnectionPoint({ siteSystem, siteCode: plan.role.siteCode }, options);
    default:
      throw new Error(`A plan of the kind ${plan.kind} changes nothing.`);
  }
}

async function siteCodeFor({ live, context, point }: PointRound, { roles, clientFacingRoles }: ConnectionPointFacts) {
  const options = { signal: context.signal, maxAgeMs: SHARED_AGE_MS };
  const identity = await live.identity(options);
  const primaries = identity.kind === 'Answered' ? primariesOf(identity.value) : [];
  return siteCodeOfServer(point.spec.siteSystem, primaries, [...roles, ...(clientFacingRoles ?? [])]);
}

function installStep(siteSystem: string, gateway: string): ManualStep {
  return {
    operation: 'AddConnectionPoint',
    instruction: `Install the CMG connection point on ${siteSystem}, linked to ${gateway}. The operator cannot tell which primary site the server belongs to; put its code in place of XXX.`,
    cmdlet: cmdletLine('Add-CMCloudManagementGatewayConnectionPoint', {
      CloudManagementGatewayName: gateway,
      SiteSystemServerName: siteSystem,
      SiteCode: 'XXX',
    }),
  };
}
