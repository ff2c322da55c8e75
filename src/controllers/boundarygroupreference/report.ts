import type { BoundaryGroupReference } from '../../api/v1alpha1/boundarygroupreference.generated.ts';
import { findCondition } from '../../runtime/conditions.ts';
import { isSiteFailure, type ManualStep, type WriteResult } from '../../site/site.ts';
import type { Finding } from '../cmg/finding.ts';
import type { ObjectReport, StatusParts } from '../object-reconcile.ts';
import type { GatewayOfCmg } from '../site/gateway-of-cmg.ts';
import { describeSteps, stepsForStatus } from '../site/manual-steps.ts';
import { siteProblem } from '../site/site-problem.ts';
import type { ReferenceRound } from './controller.ts';
import { type ReferenceFacts, type ReferencePlan, wantedDeployments } from './plan.ts';

/** How soon it is looked whether the site shows a change that it has accepted. */
const READ_BACK_MS = 5_000;

/** How often it is looked whether a person has acted. */
const PERSON_MS = 60_000;

/** The parts of the status until now. */
export function partsOf({ status }: BoundaryGroupReference): StatusParts<BoundaryGroupReference> {
  const { observedGeneration: _generation, conditions: _conditions, ...parts } = status ?? {};
  return parts;
}

/**
 * What a round came to, as conditions and status.
 *
 * @param result of the change that the plan asked for; `undefined`: it asked for none
 */
export function reportOf(
  round: ReferenceRound,
  facts: ReferenceFacts,
  plan: ReferencePlan,
  result: WriteResult | undefined,
): ObjectReport<BoundaryGroupReference> {
  const { finding, steps = [], againAfterMs } = associatedOf(round, facts, plan, result);
  const before = plan.kind === 'Remember' ? plan.preferredBefore : facts.preferredBefore;
  const members = plan.kind === 'Remember' || plan.kind === 'Forget' ? plan.members : facts.members;
  return {
    findings: [
      {
        type: 'ReferencesResolved',
        status: 'True',
        reason: 'Succeeded',
        message: 'Site, CMG and boundary group are there.',
      },
      finding,
    ],
    status: {
      groupId: facts.group.id,
      groupName: facts.group.name,
      members: members.map(({ serviceName, nalPath, adopted }) => ({ serviceName, nalPath, adopted })),
      ...(before === undefined ? {} : { preferCloudSourcesBefore: before }),
      manualSteps: stepsForStatus(steps),
    },
    againAfterMs: againAfterMs ?? round.dependencies.intervalMs,
  };
}

interface Associated {
  readonly finding: Finding;
  readonly steps?: readonly ManualStep[];
  readonly againAfterMs?: number;
}

function associatedOf(
  round: ReferenceRound,
  { group, gateway }: ReferenceFacts,
  plan: ReferencePlan,
  result: WriteResult | undefined,
): Associated {
  const title = `the boundary group ${group.name}`;
  switch (plan.kind) {
    case 'Keep':
      return {
        finding: {
          type: 'Associated',
          status: 'True',
          reason: 'Succeeded',
          message: `The boundary group ${group.name} references ${describeGateways(gateway)}.`,
        },
      };
    case 'Hold':
      return { finding: plan.finding, againAfterMs: PERSON_MS };
    case 'Gone':
      return { finding: gatewayLeft(gateway.serviceName, gateway.key) };
    case 'Remember':
    case 'Forget':
      return { finding: changing(`Being set in ${title}.`), againAfterMs: 0 };
    case 'Add':
      return ofWrite(round, `Adding the gateway ${plan.record.serviceName} to ${title}`, result);
    case 'Remove':
      return ofWrite(round, `Taking the gateway ${plan.member.serviceName} out of ${title}`, result);
    case 'SetPreference':
      return ofWrite(round, `Setting in ${title} whether cloud sources are preferred`, result);
    default:
      return plan satisfies never;
  }
}

function describeGateways(gateway: GatewayOfCmg): string {
  const names = wantedDeployments(gateway).map(({ serviceName }) => serviceName);
  return `the ${names.length === 1 ? 'gateway' : 'gateways'} ${names.join(' and ')}`;
}

function gatewayLeft(serviceName: string, cmg: string): Finding {
  const message = `The gateway ${serviceName} is being deleted with the CMG ${cmg}, and the boundary group does not reference it any more.`;
  return { type: 'Associated', status: 'False', reason: 'WaitingForGateway', message };
}

function changing(message: string): Finding {
  return { type: 'Associated', status: 'False', reason: 'SiteChanging', message };
}

function ofWrite(
  { reference, dependencies }: ReferenceRound,
  doing: string,
  result: WriteResult | undefined,
): Associated {
  if (result?.kind === 'Manual') {
    const message = describeSteps([result.step]);
    return {
      finding: { type: 'Associated', status: 'False', reason: 'ManualStepRequired', message },
      steps: [result.step],
      againAfterMs: PERSON_MS,
    };
  }
  if (result !== undefined && isSiteFailure(result)) {
    const before = findCondition(reference.status?.conditions, 'Associated');
    const { retryAfterMs, ...problem } = siteProblem(doing, result, before, dependencies.now(), 'False');
    return { finding: { type: 'Associated', ...problem }, againAfterMs: retryAfterMs };
  }
  return {
    finding: changing(`${doing}: the site has accepted it, and does not show it yet.`),
    againAfterMs: READ_BACK_MS,
  };
}
