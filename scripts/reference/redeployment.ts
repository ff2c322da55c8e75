import { CHANGE_CLASSES } from '../../src/redeployment/change-classes.ts';
import { REDEPLOYMENT_REASONS } from '../../src/redeployment/finding.ts';
import { code, page, table } from './markdown.ts';
import { DELETION_CAUSES, PHASES, phasesDiagram } from './phases.ts';

const INTRODUCTION = `# Replace a gateway without losing clients

Some settings of a gateway cannot be changed on the gateway that exists. When you change one of them in the manifest, the
operator builds a second gateway beside the first, waits until clients have learned it, and only then retires the first. Both
serve meanwhile. You change the manifest once; **a rollback is a Git revert**, possible until the old gateway is being deleted.`;

const CHANGES = `## Which changes need another gateway

These do. Everything else is changed in place.`;

const SAME_NAME = `A new service name is the gentle way: the two gateways stand side by side. Every other change of these keeps
the name, and Azure gives a name to one gateway only. Then the old gateway has to be **deleted first**: see
[The same service name](#the-same-service-name).`;

const PHASES_INTRODUCTION = `## What happens

Each physical gateway is a *deployment* of the CMG and goes through these phases.`;

const WAIT = `## When the old gateway goes

All of this has to be so, of one and the same new gateway:

1. It is *advertised*: every VM serves, its address presents its certificate, the service name resolves to it, the site has its
   record, at least one connection point is connected to it, and it is in every boundary group of the CMG.
2. It has been so without a break for \`redeployment.minimumWait\`, at least 24 hours, counted from when it was last wanted. A break
   of more than ten minutes, or more than an hour in which nobody could look, begins the wait anew. Time while the CMG is suspended or
   stopped does not count, nor while clocks disagree.
3. Clients are seen to have refreshed, in a count of all devices of the site that was begun after the wait: at least
   \`redeployment.requiredRefreshPercent\` of the clients on the internet that were active within
   \`redeployment.ignoreClientsInactiveFor\` are connected through the new name, or have asked for their policy 25 hours after it was
   advertised. What is not known counts as not refreshed.
   Devices are read during redeployments only, once for all gateways of the site, and at most once an hour (\`--client-count-interval\`).

A second gateway needs a connection point of its own. Give the CMG one with the role Standby; without one nothing is built.
While the old one drains, its connection points move over one at a time, and the standby is free again.

## How to steer it

| You want | Set |
| --- | --- |
| more time for devices that are switched off | \`redeployment.minimumWait\` |
| another share of clients, or other clients not to count | \`redeployment.requiredRefreshPercent\`, \`redeployment.ignoreClientsInactiveFor\` |
| an end to the waiting for clients | \`redeployment.deadline\`, with \`redeployment.onDeadline: Retire\`; \`Hold\` waits for your word |
| time to see that nobody misses the old gateway | \`redeployment.drainFor\`: it is stopped for so long before it is deleted |
| to retire without evidence of clients | \`redeployment.evidence: TimeOnly\` |
| to retire one deployment now, after the wait | the annotation \`configmgr.io/confirm-retire\` with its id |
| to let clients be without a gateway | the annotation \`configmgr.io/allow-client-outage\` with the id of the deployment |

An annotation is one person's word for one case. It names a deployment, is used up, and lapses when what is wanted changes. The
message that asks for it prints the exact line.

## The same service name

The old gateway is deleted first when nobody loses contact by it: another CMG of the same site carries the clients. It has to be
Ready and running, known to its clients, and not redeploying itself; until the new gateway has been advertised for its wait, it is
neither retired, stopped nor deleted (\`CarriesClientsOf\`). One such replacement runs on a site at a time. Before anything is
deleted, everything that the new gateway needs is checked. Without another CMG the operator does nothing and says so
(\`NoOtherActiveCMG\`).`;

const REASONS_INTRODUCTION = '## What the operator says\n\nA reason that **stalls** waits for a person.';

/** The page on redeployment: from the table of change classes, the phases and the reasons of the planner. */
export function redeploymentPage(): string {
  const fields = Object.entries(CHANGE_CLASSES).flatMap(([path, { kind }]) => (kind === 'Redeploy' ? [path] : []));
  // Without `spec.`: the definition does not have all of these yet.
  const rows = fields.map((path) => [
    code(path.replace(/^spec\./, '')),
    path === 'spec.serviceName' ? 'side by side' : 'deleted first, unless the service name changes too',
  ]);
  return page(
    'src/redeployment/ and scripts/reference/phases.ts',
    INTRODUCTION,
    CHANGES,
    table(['Field of the spec', 'How'], rows),
    SAME_NAME,
    PHASES_INTRODUCTION,
    phasesDiagram(),
    table(
      ['Phase', 'What it means', 'What a Git revert does'],
      Object.entries(PHASES).map(([phase, { meaning, revert }]) => [code(phase), meaning, revert]),
    ),
    'A deployment is deleted for one of these reasons:',
    table(
      ['Reason', 'When'],
      Object.entries(DELETION_CAUSES).map(([cause, when]) => [code(cause), when]),
    ),
    WAIT,
    REASONS_INTRODUCTION,
    table(
      ['Reason', 'What it means', 'What to do'],
      Object.entries(REDEPLOYMENT_REASONS).map(([reason, { meaning, action, stalled }]) => [
        code(reason),
        meaning,
        `${stalled ? '**Stalls.** ' : ''}${action}`,
      ]),
    ),
  );
}
