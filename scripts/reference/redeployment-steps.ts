/** What to have ready. */
export const BEFORE = `## Before you change it

For another service name, side by side:

1. **A connection point of its own**, on another site system than those of the old gateway: a \`ConnectionPoint\` with the role Standby
   in the same \`CMG\`. It has its role installed only while it is needed.

   \`\`\`yaml
   apiVersion: configmgr.io/v1alpha1
   kind: ConnectionPoint
   metadata:
     name: cp-standby
   spec:
     siteRef:
       name: ps1
     cmgRef:
       name: granitefalls
     role: Standby
     siteSystem: cp02.contoso.com
   \`\`\`
2. **A certificate for the new name, in a Secret of its own.** The old gateway keeps the one that it has; name the new Secret in
   \`spec.serverCertificate.secretRef\` with the new name. Leave the old Secret where it is until the old gateway is gone, and so with
   credentials for Azure.
3. **A CNAME** from the new name to \`<first label>.<region>.cloudapp.azure.com\`. It may be there before the gateway is.
4. **Quota** for the VMs of both. The operator looks before it builds: \`WaitingForPreflight\`.

The site has to have a record of the new gateway, as for [every gateway](how-to/connect-site.md). \`status.manualSteps\` names what the
operator does not do by itself.

Then change the manifest in one commit:

\`\`\`yaml
spec:
  serviceName: granitefalls2.contoso.com
  serverCertificate:
    secretRef:
      name: granitefalls2-tls
\`\`\``;

/** How to see where it stands. */
export const WATCH = `## See how far it is

\`\`\`sh
# Needs a redeployment that runs
kubectl get cmg granitefalls -o jsonpath='{.status.redeployment}{"\\n"}'
kubectl get cmg granitefalls -o jsonpath='{range .status.deployments[*]}{.id} {.serviceName} {.phase}{"\\n"}{end}'
kubectl events --for cmg/granitefalls
\`\`\`

| In \`status.redeployment\` | What it tells |
| --- | --- |
| \`fields\` | the fields of the spec that asked for it, before and after |
| \`from\`, \`to\` | the service names of the old and of the new gateway |
| \`since\` | when the new one was asked for |
| \`waitsFor\` | what it waits for, and what to do; the same message as in the condition \`Redeploying\` |
| \`until\` | when the old one may go at the earliest, as far as that is known: the end of the wait; after it, while clients or content are waited for, the deadline; while the old one is stopped, the end of \`redeployment.drainFor\` |
| \`rollback\` | [what it takes to go back](#can-i-still-go-back) |
| \`clients\` | how many clients count, and how many of them are seen to know the new gateway |
| \`content\` | how many packages and applications the old gateway holds, or held, and how many of them the new one lacks |

\`status.activeDeployment\` is the deployment that serves clients: the old one until the new one is advertised. An event
\`DeploymentActive\`, \`DeploymentSuperseded\` and so on is written for each step. [Metrics, a panel and an
alert](how-to/monitor.md#a-gateway-that-is-being-replaced) tell of a redeployment that waits for a person or is past its deadline.`;

/** The two annotations. */
export const CONSENTS = `## Consents

Two things the operator does only with a person's word, because clients may lose contact by them. The message that asks for it prints
the exact line, with the id of the deployment:

\`\`\`sh
# Needs a redeployment that waits for a person
kubectl annotate --namespace default cmg granitefalls configmgr.io/confirm-retire=3f9c21ab
kubectl annotate --namespace default cmg granitefalls configmgr.io/allow-client-outage=3f9c21ab
\`\`\`

- \`confirm-retire\`: the deployment may go although clients are not seen to have refreshed, or the new gateway lacks content of it. It never shortens \`redeployment.minimumWait\`.
- \`allow-client-outage\`: the deployment may be deleted before its successor serves, or give away its last connection point.

A consent is one person's word for one case. It names a deployment, is used up with it, and lapses when what is wanted changes: to give
it again, take the annotation away, and set it when the message asks. Keep it out of Git.`;

/** What it takes to go back. */
export const ROLLBACK = `## Can I still go back?

Revert the commit. What that takes stands in \`status.redeployment.rollback\`:

| Value | What a revert does now |
| --- | --- |
| \`Free\` | The old gateway serves, and clients know it. The new one goes at once if no client can know it, and else as the old one would have. |
| \`NeedsWait\` | The old gateway gets its connection points and boundary groups back, and is started if it was stopped. The new one serves until clients have had the full wait. |
| \`Rebuild\` | The old gateway is being deleted. Its deletion is finished, and it is built anew. |

The last moment to revert is told by the reason \`DeletionAnnounced\`, some two minutes before the deletion begins. A change of the
\`CMG\` or of what it names has the operator look sooner: nothing but a revert that is there by then counts.`;

/** What is different without a site. */
export const WITHOUT_SITE = `## Without a site

Without a \`siteRef\` the operator sees neither connection points nor clients. It builds the new gateway, waits
\`redeployment.minimumWait\`, and then keeps both: \`NoClientEvidence\`. Connection points and boundary groups are yours to move, in the
console: give the new gateway its own before the wait ends, and take the old ones away when clients have learned it. Then either

- consent to this one case with the line in the message, or
- set \`redeployment.evidence: TimeOnly\`, which takes the wait alone as enough, now and in every later redeployment. Make
  \`redeployment.minimumWait\` long enough for devices that are switched off over a weekend or a holiday.`;

/** What happens when the names cannot be held by two. */
export const SAME_NAME = `## The same service name

Two gateways cannot have one name: the old one has to be deleted first, and its clients have no gateway until the new one serves, some
15 minutes or more. The operator does that only while **another \`CMG\` of the site carries the clients**, or when you consent to the
outage with the line in the message (\`NoOtherActiveCMG\`). Before anything is deleted, everything that the new gateway needs is checked,
[what the old one holds](#what-the-old-gateway-holds) is read, and a place within
[\`--max-deletions-per-hour\`](how-to/delete.md#many-at-once) is taken: until there is one (\`DeletionBudget\`), the old gateway serves
on with its connection points and boundary groups. While there is none, \`Ready\` is False with the reason \`NoGateway\`, and
\`Redeploying\` says how far it is, until the new one serves.

Another \`CMG\` can carry them when it names the same \`Site\` and

- is \`Ready\`, with the policy \`Manage\`, not suspended, its last change carried out, and neither being replaced nor deleted;
- has served, been on the site, had a connected connection point and been in its boundary groups for its own
  \`redeployment.minimumWait\`, and its service name leads to it. Its time counts as that of a new gateway does: not while it is
  suspended, and not across an hour in which no operator looked;
- is known to clients: as many of them as its \`redeployment.requiredRefreshPercent\` says are seen to have come to know it, or its
  \`redeployment.evidence\` is \`TimeOnly\`. The operator counts them when they are needed, which takes some minutes at the first time.

What an earlier process saw of a gateway that nobody waited for, the operator does not know: with each start of the operator, the time
of such a gateway begins anew. A \`CMG\` that waits writes down since when each other one has been in reach, so that a start during the
wait costs nothing. With a \`--drift-interval\` of an hour or more, no \`CMG\` is looked at often enough to carry.

\`\`\`sh
# Needs a redeployment that waits for a carrier
kubectl get cmg granitefalls -o jsonpath='{range .status.planned.carriers[*]}{.name} {.advertised.since}{"\\n"}{end}'
\`\`\`

The message of \`NoOtherActiveCMG\` says of each other \`CMG\` what it lacks. One that can is claimed in \`status.outageClaim\` of the \`Site\`
(\`kubectl get cmsite ps1 --output wide\` has a column for it), until the new gateway has been advertised for its wait:

- One claim at a time for each site: other \`CMG\`s that need one wait (\`OutageClaimTaken\`).
- The carrier stays as it is: it is not replaced and not deleted meanwhile (\`CarriesClientsOf\`), and keeps its connection points and boundary groups. Its deletion goes on by itself.
- The claim is given back when its \`CMG\` is deleted, or when the carrier has failed before anything was deleted.

Whoever has only one \`CMG\` on a site has no carrier: add a second one with its own connection point well before, or consent.`;

/** What is different when the site makes the new gateway. */
export const TO_SITE = `## To a gateway that the site makes

With \`spec.provisioner: Site\` [your site makes the gateway](how-to/site-provisioned.md). Change it from \`Operator\` in one commit with a new
service name, another resource group, \`siteRef\` and the new certificate; \`servicePackage\` may go. Everything above holds, with these
differences:

- **A person has the site make the new gateway.** \`Redeploying\` says \`ManualCreationRequired\` and stalls, and \`status.manualSteps\` has
  the line for a PowerShell of the site. The old one serves as it is as long as that takes.
- **Another resource group.** The site may delete a group with a gateway that it made, so it is asked for none in the group of another
  gateway: \`ResourceNotOwned\`.
- When the site has made it, connection points and boundary groups move as to any other, and clients get the full wait. The old gateway,
  which the operator made, goes by itself after that.
- **A revert before the site has made it** ends it at once. If the line has been run and the site is making it, \`ManualDeletionRequired\` has
  the line that deletes it. Run no line that the status does not show any more: the gateway would be nobody's.
- A revert afterwards gives clients the full wait for the old one, and then a person has the site delete the other, as for
  [every gateway of the site](#from-a-gateway-that-the-console-made).
- With **the same service name** the old gateway goes first, as [always](#the-same-service-name), and the line comes once its names are
  free: its clients have no gateway until a person has run it.

From \`Site\` to \`Operator\` is as from the console, below. A gateway of the console becomes one of \`provisioner: Site\` without being
replaced: [have the site make the gateway](how-to/site-provisioned.md#make-it).`;

/** What is different when the site made the old gateway. */
export const FROM_CONSOLE = `## From a gateway that the console made

With the provisioner \`Operator\` a gateway that the site made, by its console or its cmdlets, is not taken over: the operator builds one of
its own in its place. Everything above holds, with these
differences:

- **Nothing of the old gateway is ever written to in Azure**: it is not tagged, changed, stopped or deleted by the operator, and cannot
  be adopted. Its connection points and boundary groups move as those of any other.
- **A person deletes it.** When it is to go, \`Redeploying\` says \`ManualDeletionRequired\` and stalls, and \`status.manualSteps\` has
  the line for a PowerShell of the site. It goes on by itself when Azure shows no gateway any more and the site has no record of it.
- It runs until then: \`redeployment.drainFor\` does not hold for it.

First [observe it](how-to/observe.md), until \`status.deployments\` shows it with the \`provisioner\` Site. A classic one, with
\`deploymentModel: CloudServiceClassic\`, is replaced by a scale set in the same way. Then change these fields of the same \`CMG\` in one
commit:

\`\`\`yaml
spec:
  managementPolicy: Manage
  deploymentModel: VirtualMachineScaleSet
  serviceName: lakeside2.contoso.com
  azure:
    resourceGroup:
      name: rg-cmg-lakeside2
  serverCertificate:
    secretRef:
      name: lakeside2-tls
  servicePackage:
    url: https://packages.contoso.com/cmg/gateway-2609.zip
    sha256: 6f1c5e0b9a3d4c2e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e
\`\`\`

- **Another resource group.** The site may delete its group with its gateway, so nothing is built in it beside that gateway:
  \`ResourceNotOwned\`. With the same service name the group may stay, with \`resourceGroup.mode: UseExisting\`; if the site deletes it
  too, the operator waits until you make it again or name another one.
- **The rights of a gateway that the operator makes**, [not only *Reader*](azure-permissions.md). For the old gateway *Reader* stays
  enough, with the credentials with which it was observed: leave their Secret until it is gone.
- \`ConnectionPoint\` and \`BoundaryGroupReference\` for the servers and groups that the old gateway has, with the role Primary, and a
  [standby](#before-you-change-it) for the new one. What is there already is taken note of and left as it is.

With **the same service name**, the old gateway has to go first: [another \`CMG\` carries its clients](#the-same-service-name), or
\`NoOtherActiveCMG\` has the line by which you consent to the outage. Only then, and while the new one could be built at once,
\`status.manualSteps\` has the line to delete the old one. It keeps its connection points and groups until it is gone. Its deleted key
vault may hold the name for days: \`VaultSoftDeleted\` has the line that purges it.

**Back**: set \`managementPolicy: Observe\` with the fields of the old gateway. The step is withdrawn, and nothing more is done to either
gateway. Connection points and boundary groups stay where they are: move back in the console what has moved. The gateway that the
operator made stays too, and in \`status.deployments\`, until you delete its resource group. With \`Manage\` and the new fields it goes on,
and the wait begins anew.

Delete the \`CMG\` meanwhile, and the gateway of the operator goes, with its connection points and groups; that of the console stays. One
that this \`CMG\` has asked the site for, with \`provisioner: Site\`, goes too: [a person has the site delete
it](how-to/site-provisioned.md#delete-it).`;
