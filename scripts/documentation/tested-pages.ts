/** What a page takes to be there before its first command. */
export type Beginning =
  /** An operator, and the files that the page names: `client-secret.txt`, `tls.crt` and so on. */
  | 'Operator'
  /** That, and a gateway `granitefalls` that is Ready. */
  | 'Gateway'
  /** A running demo. */
  | 'Demo';

/** The pages whose commands are run by the tests in `test/integration/docs/`, with what they begin with. */
export const TESTED_PAGES: Readonly<Record<string, Beginning>> = {
  'docs/tutorial.md': 'Demo',
  'docs/gitops.md': 'Gateway',
  'docs/how-to/install.md': 'Operator',
  'docs/how-to/prerequisites.md': 'Gateway',
  'docs/how-to/set-up.md': 'Operator',
  'docs/how-to/certificates.md': 'Gateway',
  'docs/how-to/connect-site.md': 'Gateway',
  'docs/how-to/modify.md': 'Gateway',
  'docs/how-to/plan.md': 'Gateway',
  'docs/how-to/monitor.md': 'Gateway',
  'docs/how-to/troubleshoot.md': 'Gateway',
  'docs/how-to/delete.md': 'Gateway',
  'docs/how-to/upgrade.md': 'Gateway',
  'docs/reference/conditions.md': 'Gateway',
  'docs/reference/events.md': 'Gateway',
  'docs/runbooks/CmgGatewayCertificateExpiring.md': 'Gateway',
  'docs/runbooks/CmgGatewayCredentialsExpiring.md': 'Gateway',
  'docs/runbooks/CmgGatewayDriftReturns.md': 'Gateway',
  'docs/runbooks/CmgGatewayNotReady.md': 'Gateway',
  'docs/runbooks/CmgGatewayNotServing.md': 'Gateway',
  'docs/runbooks/CmgGatewayRedeploymentHeld.md': 'Gateway',
  'docs/runbooks/CmgGatewayStalled.md': 'Gateway',
  'docs/runbooks/CmgOperatorReconcileErrors.md': 'Gateway',
  'docs/runbooks/CmgOperatorThrottledByAzure.md': 'Gateway',
};
