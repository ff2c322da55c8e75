import type { CMGStatusDeployment, CMGStatusRedeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { judgeGate } from '../../../redeployment/client-gate.ts';
import { isSameIdentity } from '../../../redeployment/identity.ts';
import type { GatewayWish } from '../../../redeployment/observed.ts';
import { isOthers, wasThereBefore } from '../../../redeployment/others.ts';
import { toTimestamp } from '../../../runtime/conditions.ts';
import { identityChanges } from '../deployment.ts';
import type { ManagedCmg } from '../managed-cmg.ts';
import type { DeploymentsInput } from './reconcile.ts';
import type { RedeploymentParts } from './report-of.ts';
import { waitEnd } from './wait-end.ts';

/** What `status.redeployment` says: why, from what to what, since when, what it waits for, and how to go back. */
export function redeploymentOf(
  input: DeploymentsInput,
  wish: GatewayWish,
  { wanted, leader, finding, deployments, result }: RedeploymentParts,
): CMGStatusRedeployment {
  const { cmg, azure } = input.scope;
  const old = leader ?? deployments.find(({ id }) => id !== wanted?.id);
  const before = cmg.status?.redeployment;
  const now = azure.serverTime.now();
  const asked = old === undefined ? before?.since : undefined;
  const since = asked ?? wanted?.wantedSince ?? before?.since ?? toTimestamp(now);
  const fields = old === undefined ? fieldsBefore(cmg, wish) : changesTo(cmg, wish, old);
  const from = old?.serviceName ?? before?.from;
  const until = waitEnd(wish.terms, { wanted, deployments, conditions: result.planned.conditions, now });
  const clients = clientsOf(input, wish, wanted, result);
  const content = contentOf(input, wanted);
  return {
    ...(fields.length === 0 ? {} : { fields: [...fields] }),
    ...(from === undefined ? {} : { from }),
    to: wish.serviceName,
    since,
    ...(finding === undefined ? {} : { waitsFor: finding.message.slice(0, 2048) }),
    ...(until === undefined ? {} : { until }),
    rollback: rollbackOf(old),
    ...(clients === undefined ? {} : { clients }),
    ...(content === undefined ? {} : { content }),
  };
}

/**
 * In what the old gateway differs from what is wanted. That it was there before the CMG asked for any shows in the policy that
 * asks for another one.
 */
function changesTo(cmg: ManagedCmg, wish: GatewayWish, old: CMGStatusDeployment): readonly string[] {
  const fields = identityChanges(cmg, old);
  const { deploymentModel: before } = old.identity;
  const { deploymentModel: after } = wish.identity;
  const isAnotherModel = before !== undefined && after !== undefined && before !== after;
  const maker = isOthers(old) ? 'Site' : 'Operator';
  return [
    ...(wasThereBefore(old)
      ? ['spec.managementPolicy (Observe → Manage)']
      : maker === wish.identity.provisioner
        ? []
        : [`spec.provisioner (${maker} → ${wish.identity.provisioner})`]),
    ...(isAnotherModel ? [`spec.deploymentModel (${before} → ${after})`] : []),
    ...fields,
  ];
}

/** What the old gateway differed in, when nothing is left of it, as long as the same is wanted. */
function fieldsBefore({ status }: ManagedCmg, { identity }: GatewayWish): readonly string[] {
  const wantedBefore = status?.planned?.identity;
  const isSame = wantedBefore !== undefined && isSameIdentity(wantedBefore, identity);
  return isSame ? (status?.redeployment?.fields ?? []) : [];
}

function rollbackOf(old: CMGStatusDeployment | undefined): CMGStatusRedeployment['rollback'] {
  switch (old?.phase) {
    case 'Draining':
      return 'NeedsWait';
    case 'Deleting':
    case undefined:
      return 'Rebuild';
    default:
      return 'Free';
  }
}

/** The counts of the last pass for the wanted gateway. They are told anew when a whole percent has changed. */
function clientsOf(
  { passes, scope }: DeploymentsInput,
  { terms }: GatewayWish,
  wanted: CMGStatusDeployment | undefined,
  { planned }: RedeploymentParts['result'],
): CMGStatusRedeployment['clients'] {
  const before = scope.cmg.status?.redeployment?.clients;
  const pass = passes.find(({ question }) => question.serviceName === wanted?.serviceName);
  const run = planned.records.deployments.find(({ id }) => id === wanted?.id)?.run;
  if (pass === undefined || run === undefined) {
    return before;
  }
  const judgement = judgeGate(pass, {
    serviceName: pass.question.serviceName,
    advertisedSince: pass.question.advertisedSince,
    requiredPercent: terms.requiredRefreshPercent,
    notBefore: pass.begunAt,
    devicesAtBeginning: planned.records.devicesAtBeginning,
  });
  const { eligible, refreshed } = judgement;
  if (eligible === undefined || refreshed === undefined) {
    return before;
  }
  const percent = (counts: { readonly eligible: number; readonly refreshed: number }) =>
    counts.eligible === 0 ? 100 : Math.floor((100 * counts.refreshed) / counts.eligible);
  const now = { eligible, refreshed };
  return before !== undefined && percent(before) === percent(now) ? before : now;
}

/** The counts of the last comparisons with the wanted gateway; those of before while none is known. */
function contentOf(
  { content, scope }: DeploymentsInput,
  wanted: CMGStatusDeployment | undefined,
): CMGStatusRedeployment['content'] {
  const known = (content?.comparisons ?? []).flatMap(({ to, standing }) =>
    to === wanted?.serviceName && standing.kind !== 'Unknown' ? [standing] : [],
  );
  if (content === undefined || known.length === 0) {
    return content === undefined ? undefined : scope.cmg.status?.redeployment?.content;
  }
  return {
    held: known.reduce((sum, { held }) => sum + held, 0),
    missing: known.reduce((sum, standing) => sum + (standing.kind === 'Missing' ? standing.missing : 0), 0),
  };
}
