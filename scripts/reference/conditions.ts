import { type ConditionType, REASONS, type ReasonDescription } from '../../src/api/v1alpha1/conditions.ts';
import { code, page, table } from './markdown.ts';

/** When each condition is True, and of which kinds it is. */
const CONDITIONS: Readonly<Record<ConditionType, string>> = {
  Ready:
    'The object is as declared; the gateway of a CMG serves clients. It sums up the others, `InSync` of a CMG aside, and gives the reason and the message of the one that fails first.',
  CertificateValid: 'The certificate is for the service name, complete, in date, and has a key that a gateway takes.',
  PrerequisitesMet:
    'Credentials, subscription, permissions, providers, region, VM size, quota, resource group and names are in order.',
  AzureReady: 'Every Azure resource is as declared, and the service package is in the storage account.',
  ServiceHealthy: 'Every VM has the newest model and answers the health probe of the load balancer.',
  SiteRegistered:
    'CMG with a `siteRef`: the site has its record of the gateway, and its version has what the spec asks for. Links and boundary groups wait for it.',
  ConnectionPointReady: 'CMG with a `siteRef`: a connection point is linked to the gateway, and connected.',
  Redeploying:
    'CMG: a gateway is being replaced by another one; `status.redeployment` tells more. `Ready` is True meanwhile, unless a gateway is being built or a person has to act. Absent otherwise.',
  InSync:
    'CMG: nothing in Azure differs from what is declared; a difference that is being set right does not make `Ready` False. Site: nothing on the site differs from what is declared.',
  Reachable: 'Site: the site answers, and is the declared one.',
  ReferencesResolved:
    'ConnectionPoint, BoundaryGroupReference: what the spec names is there and can be used, and no older object claims the same.',
  Linked: 'ConnectionPoint: the role is installed on the server and linked to the gateway; of a standby, it stands by.',
  Connected: 'ConnectionPoint: the server is connected to the gateway.',
  Associated: 'BoundaryGroupReference: the boundary group references the gateway, as declared.',
  Reconciling: 'The operator is at work, or waits for something that passes by itself. Absent otherwise.',
  Stalled: 'Nothing moves on until a person acts. Absent otherwise.',
};

const INTRODUCTION = `# Conditions and reasons

\`status.conditions\` of every kind. Read \`Ready\` first: its message says what is wrong, where, and what to do next.

\`\`\`sh
kubectl get configmgr -o wide
kubectl describe cmg
\`\`\`

The conditions keep the rules of kstatus, so Argo CD, Flux and \`kubectl wait\` understand them without help:
\`observedGeneration\` says of which spec a condition speaks; \`Reconciling\` and \`Stalled\` are there only while they are
True; \`Ready\` is False with \`Stalled\` when a person has to act, and False or Unknown with \`Reconciling\` while work goes on.`;

const REASONS_INTRODUCTION = `## Reasons

The reason is one word for programs; the message of the condition tells the case at hand. A reason that **stalls** waits for a
person: the operator looks again when the object or what it names changes, and from time to time.
[Troubleshoot a gateway](../how-to/troubleshoot.md) goes through them by symptom.`;

/** The page of conditions and reasons. */
export function conditionsPage(): string {
  return page(
    'src/api/v1alpha1/conditions.ts',
    INTRODUCTION,
    table(
      ['Condition', 'True when'],
      Object.entries(CONDITIONS).map(([type, meaning]) => [code(type), meaning]),
    ),
    REASONS_INTRODUCTION,
    ...Object.entries<ReasonDescription>(REASONS).map(reasonPart),
  );
}

function reasonPart([reason, { stalled, meaning, action }]: readonly [string, ReasonDescription]): string {
  return `### ${reason}\n\n${meaning}\n\n${stalled ? '**Stalls.** ' : ''}What to do: ${lowerFirst(action)}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
