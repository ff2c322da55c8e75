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
| \`until\` | when the old one may go at the earliest, as far as that is known |
| \`rollback\` | [what it takes to go back](#can-i-still-go-back) |
| \`clients\` | how many clients count, and how many of them are seen to know the new gateway |
| \`content\` | how many packages and applications the old gateway holds, and how many of them the new one lacks |

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

The last moment to revert is told by the reason \`DeletionAnnounced\`.`;

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

Two gateways cannot have one name: the old one has to be deleted first. The operator does nothing and says so
(\`NoOtherActiveCMG\`): change the service name too, or consent to the outage with the line in the message. Before anything is
deleted, everything that the new gateway needs is checked. A client that has no other gateway then has none until the new one serves,
some 15 minutes or more; one that knows another \`CMG\` of the site talks through that one. This version does not find out by itself
whether another \`CMG\` could carry all clients (\`OutageClaimTaken\` and \`CarriesClientsOf\` do not occur yet).`;
