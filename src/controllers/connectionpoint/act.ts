import { addConnectionPointStep } from '../../site/manual-steps.ts';
import type { WriteResult } from '../../site/site.ts';
import { primariesOf } from '../site/primary-sites.ts';
import { SHARED_AGE_MS } from '../site/usable-site.ts';
import type { PointRound } from './controller.ts';
import { siteCodeOfServer } from './facts.ts';
import type { ConnectionPointFacts, ConnectionPointPlan } from './plan.ts';

const SITE_CODE_UNKNOWN = 'The operator cannot tell which primary site the server belongs to.';

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
        ? { kind: 'Manual', step: addConnectionPointStep({ siteSystem, service: plan.record }, SITE_CODE_UNKNOWN) }
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
