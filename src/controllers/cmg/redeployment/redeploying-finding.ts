import type { CMGStatusDeployment } from '../../../api/v1alpha1/cmg.generated.ts';
import { isStalling } from '../../../api/v1alpha1/conditions.ts';
import type { SiteFailure } from '../../../site/site.ts';
import { failureInWords } from '../../site/site-problem.ts';
import type { Finding } from '../finding.ts';
import type { Report } from '../report.ts';
import { expiryMessages } from './certificate-of-deployment.ts';
import type { PlannedRound } from './reconcile.ts';

/** What the condition of a redeployment is made from. */
export interface RedeployingInput {
  readonly result: Pick<PlannedRound, 'planned' | 'troubles' | 'steps' | 'round'>;
  readonly deployments: readonly CMGStatusDeployment[];
  readonly wanted: CMGStatusDeployment | undefined;
  /** What the other conditions tell. */
  readonly told: Report;
  readonly countFailure: SiteFailure | undefined;
  /** Of the CMG. */
  readonly namespace: string;
}

const LONGEST_MESSAGE = 4000;

/** What a redeployment waits for, and what is the matter with gateways that no other condition speaks of. */
export function redeployingFinding(input: RedeployingInput): Finding {
  const { result, deployments, wanted, namespace } = input;
  const { planned, troubles, steps } = result;
  const stalled = planned.conditions.find(({ reason }) => isStalling(reason));
  const [first] = planned.conditions;
  const told = stalled ?? first;
  const messages = [
    ...planned.conditions.map(({ message }) => message),
    ...steps.flatMap(({ cmdlet }) => (cmdlet === undefined ? [] : [`In a PowerShell of the site: ${cmdlet}`])),
    ...countMessages(input),
    ...troubles,
    ...expiryMessages(deployments, wanted?.id, namespace),
    ...keptTroubles(input),
  ];
  return {
    type: 'Redeploying',
    status: 'True',
    reason: told?.reason ?? (wanted?.phase === 'Provisioning' ? 'BuildingReplacement' : 'WaitingForClients'),
    message:
      messages.length === 0
        ? 'The gateway is being replaced.'
        : [...new Set(messages)].join(' ').slice(0, LONGEST_MESSAGE),
  };
}

/** Why clients could not be counted, as long as the plan asks for a count. */
function countMessages({ countFailure, result: { planned } }: RedeployingInput): readonly string[] {
  const isAsked = planned.actions.some(({ kind }) => kind === 'CountClients');
  return isAsked && countFailure !== undefined
    ? [
        `Counting its clients on the site failed: ${failureInWords(countFailure)} It is tried again with growing pauses, and no gateway is retired before.`,
      ]
    : [];
}

/** What is wrong with gateways that are kept up beside the one that the conditions speak of. */
function* keptTroubles({ deployments, result: { round }, told }: RedeployingInput): Generator<string> {
  for (const { id, serviceName, phase, certificate } of deployments) {
    const report = phase === 'Draining' || phase === 'Deleting' ? undefined : round.looks.get(id)?.report;
    const isTold = (finding: Finding) =>
      finding.type === 'InSync' ||
      told.findings.includes(finding) ||
      (finding.reason === 'CertificateExpired' && certificate?.expiry === 'Expired');
    const trouble = report?.findings.find((finding) => finding.status === 'False' && !isTold(finding));
    const messages = [...(trouble === undefined ? [] : [trouble.message]), ...(report?.remarks ?? [])];
    if (messages.length > 0 && report !== told) {
      yield `Of ${serviceName}, which serves meanwhile: ${messages.join(' ')}`;
    }
  }
}
