import { REDEPLOYMENT_REASONS } from '../../src/redeployment/finding.ts';
import { changeClassOf } from './change-class.ts';
import { code, page, table } from './markdown.ts';
import { DELETION_CAUSES, PHASES, phasesDiagram } from './phases.ts';
import {
  BEFORE,
  CONSENTS,
  FROM_CONSOLE,
  ROLLBACK,
  SAME_NAME,
  TO_SITE,
  WATCH,
  WITHOUT_SITE,
} from './redeployment-steps.ts';
import { cmgSchema, fieldsOf } from './schema.ts';

const INTRODUCTION = `# Replace a gateway without losing clients

Some settings of a gateway cannot be changed on the gateway that exists. When you change one of them in the manifest, the
operator builds a second gateway beside the first, waits until clients have learned it, and only then retires the first. Both
serve meanwhile. You change the manifest once; **a rollback is a Git revert**, possible until the old gateway is being deleted.`;

const CHANGES = `## Which changes need another gateway

These do. Everything else is [changed in place](how-to/modify.md#what-each-field-does).`;

const CHANGES_AFTERWARDS = `A new service name with another first label is the gentle way: the two gateways stand side by side. Every other
change of these keeps the name, and Azure gives a name to one gateway only: the first label names the key vault, the storage account
and the DNS label. Then the old gateway has to be **deleted first**: see [The same service name](#the-same-service-name).

[\`kubectl cmg plan\`](how-to/plan.md) tells what a manifest would come to, before you apply it.`;

/** What a change of a field means to the people who run the gateway. */
const MEANINGS: Readonly<Record<string, string>> = {
  'spec.serviceName':
    'Side by side, if the first label is another one. The new name needs its certificate and its CNAME.',
  'spec.azure.region': 'Needs another resource group too, as a group lies in one region.',
  'spec.azure.resourceGroup.name': 'A group that the operator made goes with the old gateway.',
  'spec.azure.subscriptionId': 'The application needs its rights in both subscriptions until the old gateway is gone.',
  'spec.azure.tenantId':
    'Another application, with credentials of its own. Leave the old Secret until the old gateway is gone.',
  'spec.azure.environment': 'As another tenant.',
  'spec.provisioner': 'Who makes the gateway: [to the site](#to-a-gateway-that-the-site-makes), and back.',
  'spec.deploymentModel':
    'A classic gateway, which is only observed, gives way to a scale set: see [From a gateway that the console made](#from-a-gateway-that-the-console-made).',
  'spec.serverCertificate.revision':
    'Any other text. For a certificate that a gateway does not take in place: [`CertificateNeedsRedeployment`](reference/conditions.md#certificateneedsredeployment).',
};

const PHASES_INTRODUCTION = `## What happens

Each physical gateway is a *deployment* of the CMG and goes through these phases.`;

const WAIT = `## When the old gateway goes

All of this has to be so, of one and the same new gateway:

1. It is *advertised*: every VM serves, its address presents its certificate, the service name resolves to it, the site has its
   record, at least one connection point is connected to it, and it is in every boundary group of the CMG.
2. It has been so without a break for \`redeployment.minimumWait\`, at least 24 hours, counted from when it was last wanted. A break
   of more than ten minutes, or more than an hour in which nobody could look, begins the wait anew. Time while the CMG is suspended or
   stopped does not count, nor while clocks disagree. Two changes of the spec between two looks, which are two minutes apart, begin the wait
   anew too, whatever they change: the CMG may have been suspended in between.
3. Clients are seen to have refreshed, in a count of all devices of the site that was begun after the wait: at least
   \`redeployment.requiredRefreshPercent\` of the clients on the internet that were active within
   \`redeployment.ignoreClientsInactiveFor\` are connected through the new name, or have asked for their policy 25 hours after it was
   advertised. What is not known counts as not refreshed.
   Devices are read during redeployments only, once for all gateways of the site, and at most once an hour (\`--client-count-interval\`).
   Why a count failed, the condition \`Redeploying\` tells.
4. It [holds the content](#what-the-old-gateway-holds) that the old gateway holds, where \`content.enabled\` is true and the CMG has a site.

**The old gateway stays as it is until then.** It is repaired, and neither scaled nor brought to another model, whatever the spec says of
VMs, package and settings by now. The one thing that its VMs get is a renewed certificate from the Secret that it had, in batches as
[always](how-to/modify.md#rollouts); with a single VM it does not serve for that moment. Certificates of client authorities that
\`spec.clientAuthentication\` names since are added with that, and none is taken away. For them alone no VM is touched, as they reach VMs
only with another model: the condition \`Redeploying\` names the authorities that the old gateway does not know, whose clients need the new one.

A second gateway needs a connection point of its own. Give the CMG one with the role Standby; without one nothing is built.
While the old one drains, its connection points move over one at a time, and the standby is free again. Before each step the new one
is looked at again: while it is not in reach of every client, the old one keeps what it still has (\`SuccessorLost\`), and a step that
was to be taken is taken back. Connection points and boundary groups are moved by controllers of their own. For each step these read the
CMG and the site anew. They take nothing from a draining gateway on a look that is older than 20 minutes, and hand a point over only to a
gateway with another point that is connected. The tags in Azure they do not read: those the operator looks at when it decides on the step.`;

const CONTENT = `## What the old gateway holds

A new gateway is an empty distribution point: a client finds on it only the packages and applications that somebody has distributed to
it. The operator reads once an hour, as long as both gateways serve, what is assigned to the old one and what is installed on the new
one. The message of \`Redeploying\` says from the beginning how many are missing and names the first; \`status.redeployment.content\` has
the numbers, and \`status.manualSteps\` the lines for a PowerShell of the site, as:

\`\`\`powershell
Start-CMContentDistribution -PackageId 'PS100012','PS100013' -DistributionPointName 'granitefalls2.contoso.com'
\`\`\`

The old gateway goes when nothing is missing any more. What is on its way is waited for (\`WaitingForContent\`); for what nobody has
distributed, or what has failed, it waits for a person (\`ContentNotDistributed\`). What is not to be on the new gateway, take from the old
one. There are three more ways on:

- \`confirm-retire\` lets one deployment go in spite of it, as it does where clients are not seen to have refreshed;
- \`redeployment.onDeadline: Retire\` ends the waiting for content too, once the deadline has passed and clients have been counted;
- \`content.enabled: false\`, where the gateway is to serve no content.

With \`redeployment.evidence: TimeOnly\` content is waited for likewise. Without a \`siteRef\` nobody can see it, and nothing waits for it.
The account of the operator sees only what it may read: let it read distribution points, applications, packages and images, or what it
does not see is not waited for. That the site has a gateway in its lists of content under the name of the gateway's record is
[inferred](reference/site-operations.md).

Under [the same service name](#the-same-service-name) the old gateway goes first, and there is nothing to compare it with afterwards:

- Before it is deleted, what it holds is read to the end. Nothing is deleted until then (\`WaitingForContent\`). If it cannot be read,
  \`ContentNotDistributed\` says why; \`confirm-retire\` with the id in the message deletes it without.
- It is remembered in \`status.planned.heldContent\`: how many packages and applications it holds, and the first 32 of them by their ids,
  fewer where names are long. If it holds more, the message of \`Redeploying\` says so: **before it goes, write down what the tab Content of
  its properties in the console lists**.
- Once the site has its record of the new gateway, \`Redeploying\` says what that one lacks (\`ContentNotDistributed\`), and
  \`status.manualSteps\` has the lines that distribute it. Of what was not listed, as much is taken to be there as is installed of
  anything else. Nothing of the new gateway waits for it; \`Ready\` is not True meanwhile, as wherever a person is waited for, so the CMG
  carries no clients of another one.
- That ends when all of it is installed, with \`confirm-retire\` and the id in the message, or with \`content.enabled: false\`. If the new
  gateway is replaced likewise before that, both lists are kept; a third one takes the place of the oldest.
- Where a person removes the records of gateways from the site, remove that of the old one before the new one is built: under the record
  of the old one, the site may go on showing its content as installed.`;

const STEERING = `## How to steer it

| You want | Set |
| --- | --- |
| more time for devices that are switched off | \`redeployment.minimumWait\` |
| another share of clients, or other clients not to count | \`redeployment.requiredRefreshPercent\`, \`redeployment.ignoreClientsInactiveFor\` |
| an end to the waiting for clients and for content | \`redeployment.deadline\`, with \`redeployment.onDeadline: Retire\`; \`Hold\` waits for your word |
| time to see that nobody misses the old gateway | \`redeployment.drainFor\`: it is stopped for so long before it is deleted |
| to retire without evidence of clients | \`redeployment.evidence: TimeOnly\` |
| to retire one deployment now, after the wait | the annotation \`configmgr.io/confirm-retire\` with its id |
| to let clients be without a gateway | the annotation \`configmgr.io/allow-client-outage\` with the id of the deployment |
| nothing to happen for a while | \`spec.suspend: true\`: both gateways serve on, nothing more is decided, moved on the site or deleted, and the wait does not count |
| not to replace it after all | the spec back: revert the commit |

The terms may be changed while a redeployment runs. \`spec.deletionProtection\` and \`spec.deletionPolicy\` speak of the \`CMG\`: a
gateway that has been replaced is deleted whatever they say. It counts for [\`--max-deletions-per-hour\`](how-to/delete.md#many-at-once).`;

const REASONS_INTRODUCTION = `## What the operator says

These are reasons of the condition \`Redeploying\`, which is there while a gateway is being replaced. A reason that **stalls** waits for
a person: \`Stalled\` is True then, and \`Ready\` False, although the gateways serve on.`;

/** The page on redeployment: from the table of change classes, the phases and the reasons of the planner. */
export function redeploymentPage(root: string): string {
  return page(
    'src/redeployment/ and scripts/reference/phases.ts',
    INTRODUCTION,
    CHANGES,
    table(['Field', 'What to know'], changedFields(root)),
    CHANGES_AFTERWARDS,
    BEFORE,
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
    WATCH,
    WAIT,
    CONTENT,
    STEERING,
    CONSENTS,
    ROLLBACK,
    WITHOUT_SITE,
    SAME_NAME,
    TO_SITE,
    FROM_CONSOLE,
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

/** @throws Error for a field whose change asks for another gateway, and of which the page has nothing to say */
function changedFields(root: string): readonly (readonly string[])[] {
  const schema = cmgSchema(root);
  const fields = fieldsOf(schema, 'spec').filter((field) => !field.hasFields && changeClassOf(field) === 'redeploys');
  return fields.map(({ path }) => {
    const meaning = MEANINGS[path];
    if (meaning === undefined) {
      throw new Error(`scripts/reference/redeployment.ts does not say what a change of ${path} means.`);
    }
    return [code(path), meaning];
  });
}
