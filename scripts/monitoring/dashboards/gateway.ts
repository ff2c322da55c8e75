import { type Dashboard, yesOrNo } from './dashboard.ts';

/** One series of the chosen gateway, whichever replica tells of it. */
const own = (metric: string) => `max(cmg_operator_gateway_${metric}{namespace="$namespace", name="$name"})`;

const DAY = 24 * 3600;

export const GATEWAY: Dashboard = {
  uid: 'cmg-gateway',
  title: 'CMG / Gateway',
  description: 'One cloud management gateway. `kubectl describe cmg` tells the reasons; here is when it was how.',
  variables: [
    { name: 'namespace', label: 'Namespace', series: 'cmg_operator_gateway_ready', several: false },
    {
      name: 'name',
      label: 'Gateway',
      series: 'cmg_operator_gateway_ready{namespace="$namespace"}',
      several: false,
    },
  ],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'State',
          description: 'The condition `Ready`. If it is not: `kubectl describe cmg`. Runbook: CmgGatewayNotReady.',
          shape: 'Number',
          unit: 'none',
          width: 6,
          words: yesOrNo('Ready', 'Not Ready', 'yes'),
          queries: [{ expression: own('ready'), legend: 'Ready' }],
        },
        {
          title: 'Waits for a person',
          description: 'The condition `Stalled`. Runbook: CmgGatewayStalled.',
          shape: 'Number',
          unit: 'none',
          width: 6,
          words: yesOrNo('Yes', 'No', 'no'),
          queries: [{ expression: own('stalled'), legend: 'Stalled' }],
        },
        {
          title: 'VMs that serve',
          description:
            'VMs that answer the health probe. With 0, clients are without this gateway. Runbook: CmgGatewayNotServing.',
          shape: 'Number',
          unit: 'none',
          width: 6,
          base: 'red',
          thresholds: [{ from: 1, colour: 'green' }],
          queries: [{ expression: own('instances_ready'), legend: 'Serving' }],
        },
        {
          title: 'Certificate lasts',
          description: 'How long the server certificate is still valid. Runbook: CmgGatewayCertificateExpiring.',
          shape: 'Number',
          unit: 's',
          width: 6,
          base: 'red',
          thresholds: [
            { from: 3 * DAY, colour: 'orange' },
            { from: 14 * DAY, colour: 'green' },
          ],
          queries: [{ expression: `${own('certificate_expiry_timestamp_seconds')} - time()`, legend: 'Time left' }],
        },
      ],
    },
    {
      title: 'Replacement',
      panels: [
        {
          title: 'What the replacement waits for',
          description:
            'The reason of the condition `Redeploying`, while another gateway takes the place of this one. It may take days. `kubectl get cmg -o yaml` has the message, in `status.redeployment`. Runbook: CmgGatewayRedeploymentHeld.',
          shape: 'States',
          unit: 'none',
          width: 12,
          words: { 1: { text: 'waits', colour: 'blue' } },
          nothing: 'No gateway is being replaced',
          queries: [
            {
              expression: 'max by (reason) (cmg_operator_gateway_redeploying{namespace="$namespace", name="$name"})',
              legend: '{{reason}}',
            },
          ],
        },
        {
          title: 'Phases of both gateways',
          description:
            'In which phase each of the gateways is, while one takes the place of another. `docs/redeployment.md` says what the phases mean.',
          shape: 'States',
          unit: 'none',
          width: 12,
          words: { 1: { text: 'is', colour: 'blue' } },
          nothing: 'No gateway is being replaced',
          queries: [
            {
              expression:
                'sgn(max by (deployment, phase) (cmg_operator_gateway_deployment_phase_since_timestamp_seconds{namespace="$namespace", name="$name"}))',
              legend: '{{deployment}} {{phase}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Over time',
      panels: [
        {
          title: 'Ready over time',
          description:
            'When the gateway was Ready. A change of the manifest makes it not Ready until it is carried out.',
          shape: 'States',
          unit: 'none',
          width: 24,
          words: yesOrNo('Ready', 'Not Ready', 'yes'),
          queries: [{ expression: own('ready'), legend: 'Ready' }],
        },
        {
          title: 'VMs',
          description:
            'VMs that the manifest asks for, and those that serve. In a rollout at most half of them do not serve.',
          shape: 'Lines',
          unit: 'short',
          width: 12,
          queries: [
            { expression: own('instances_wanted'), legend: 'Wanted' },
            { expression: own('instances_ready'), legend: 'Serving' },
          ],
        },
        {
          title: 'Repairs of drift',
          description:
            'When the operator set back what others had changed in Azure; the events `DriftRepaired` name what.',
          shape: 'Lines',
          unit: 'short',
          width: 12,
          queries: [
            {
              expression:
                'max(increase(cmg_operator_gateway_drift_repairs_total{namespace="$namespace", name="$name"}[$__rate_interval]))',
              legend: 'Repairs',
            },
          ],
        },
        {
          title: 'Time left of the certificate',
          description: 'It falls day by day, and jumps up when the certificate is renewed.',
          shape: 'Lines',
          unit: 's',
          width: 24,
          queries: [{ expression: `${own('certificate_expiry_timestamp_seconds')} - time()`, legend: 'Time left' }],
        },
      ],
    },
  ],
};
