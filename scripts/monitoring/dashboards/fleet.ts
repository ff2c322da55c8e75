import { type Dashboard, yesOrNo } from './dashboard.ts';

/** Every gateway once: the replica that led before may still tell of it until its series are stale. */
const each = (metric: string) => `max by (namespace, name) (cmg_operator_gateway_${metric}{namespace=~"$namespace"})`;

const DAY = 24 * 3600;

export const FLEET: Dashboard = {
  uid: 'cmg-fleet',
  title: 'CMG / Fleet',
  description: 'All cloud management gateways: which serve, which wait for a person, whose certificate expires next.',
  variables: [{ name: 'namespace', label: 'Namespace', series: 'cmg_operator_gateway_ready', several: true }],
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Gateways',
          description: 'How many `CMG` objects the operator looks after.',
          shape: 'Number',
          unit: 'none',
          width: 4,
          base: 'blue',
          queries: [{ expression: `count(${each('ready')})`, legend: 'Gateways' }],
        },
        {
          title: 'Ready',
          description: 'Gateways whose condition `Ready` is True. It should be all of them.',
          shape: 'Number',
          unit: 'percentunit',
          width: 4,
          base: 'red',
          thresholds: [
            { from: 0.8, colour: 'orange' },
            { from: 1, colour: 'green' },
          ],
          queries: [{ expression: `avg(${each('ready')})`, legend: 'Ready' }],
        },
        {
          title: 'Waiting for a person',
          description:
            'Gateways that are `Stalled`: nothing moves on until somebody puts right what the condition names. Runbook: CmgGatewayStalled.',
          shape: 'Number',
          unit: 'none',
          width: 4,
          thresholds: [{ from: 1, colour: 'red' }],
          queries: [{ expression: `sum(${each('stalled')})`, legend: 'Stalled' }],
        },
        {
          title: 'VMs that serve',
          description:
            'Of the VMs that the manifests ask for. Less than all is normal while a gateway is built or rolled out.',
          shape: 'Number',
          unit: 'percentunit',
          width: 4,
          base: 'red',
          thresholds: [
            { from: 0.5, colour: 'orange' },
            { from: 1, colour: 'green' },
          ],
          queries: [
            { expression: `sum(${each('instances_ready')}) / sum(${each('instances_wanted')})`, legend: 'Serving' },
          ],
        },
        {
          title: 'Next certificate to expire',
          description:
            'How long the server certificate lasts that expires first. cert-manager renews long before. Runbook: CmgGatewayCertificateExpiring.',
          shape: 'Number',
          unit: 's',
          width: 4,
          base: 'red',
          thresholds: [
            { from: 3 * DAY, colour: 'orange' },
            { from: 14 * DAY, colour: 'green' },
          ],
          queries: [
            { expression: `min(${each('certificate_expiry_timestamp_seconds')}) - time()`, legend: 'Time left' },
          ],
        },
        {
          title: 'Repairs in 24 hours',
          description:
            'How often the operator set back what others had changed in Azure. It should be 0; a few are people at work. Runbook: CmgGatewayDriftReturns.',
          shape: 'Number',
          unit: 'none',
          width: 4,
          thresholds: [{ from: 1, colour: 'orange' }],
          queries: [
            {
              expression:
                'round(sum(max by (namespace, name) (increase(cmg_operator_gateway_drift_repairs_total{namespace=~"$namespace"}[24h]))))',
              legend: 'Repairs',
            },
          ],
        },
      ],
    },
    {
      title: 'Gateway by gateway',
      panels: [
        {
          title: 'All gateways',
          description:
            'One row for each gateway, those that are not Ready first. The credentials are those for Azure, where their end is known. Runbook: CmgGatewayCredentialsExpiring.',
          shape: 'Table',
          unit: 'none',
          width: 24,
          words: { 1: { text: 'Yes', colour: 'gray' }, 0: { text: 'No', colour: 'gray' } },
          queries: [
            { expression: each('ready'), legend: 'Ready' },
            { expression: each('stalled'), legend: 'Waits for a person' },
            { expression: each('instances_ready'), legend: 'VMs that serve', unit: 'short' },
            { expression: each('instances_wanted'), legend: 'VMs wanted', unit: 'short' },
            {
              expression: `${each('certificate_expiry_timestamp_seconds')} - time()`,
              legend: 'Certificate lasts',
              unit: 's',
            },
            {
              expression: `${each('credentials_expiry_timestamp_seconds')} - time()`,
              legend: 'Credentials last',
              unit: 's',
            },
          ],
        },
        {
          title: 'Ready over time',
          description: 'When each gateway was Ready. A short red part is a change; a long one is worth a look.',
          shape: 'States',
          unit: 'none',
          width: 24,
          words: yesOrNo('Ready', 'Not Ready', 'yes'),
          queries: [{ expression: each('ready'), legend: '{{namespace}}/{{name}}' }],
        },
      ],
    },
    {
      title: 'Over time',
      panels: [
        {
          title: 'Gateways by class of their reason',
          description:
            'Why gateways are as they are, of all namespaces: `Succeeded` is the good one, `InProgress` passes by itself, the others name where to look.',
          shape: 'StackedLines',
          unit: 'short',
          width: 12,
          colours: { Succeeded: 'green', InProgress: 'blue', Operator: 'red' },
          queries: [
            {
              expression: 'sum by (reason_class) (max by (ready, reason_class) (cmg_operator_gateways))',
              legend: '{{reason_class}}',
            },
          ],
        },
        {
          title: 'VMs',
          description: 'VMs that the manifests ask for, and those that serve.',
          shape: 'Lines',
          unit: 'short',
          width: 12,
          queries: [
            { expression: `sum(${each('instances_wanted')})`, legend: 'Wanted' },
            { expression: `sum(${each('instances_ready')})`, legend: 'Serving' },
          ],
        },
        {
          title: 'Repairs of drift',
          description:
            'When the operator set back what others had changed in Azure. Regular repairs of one gateway are a fight: runbook CmgGatewayDriftReturns.',
          shape: 'Lines',
          unit: 'short',
          width: 12,
          queries: [
            {
              expression:
                'max by (namespace, name) (increase(cmg_operator_gateway_drift_repairs_total{namespace=~"$namespace"}[$__rate_interval]))',
              legend: '{{namespace}}/{{name}}',
            },
          ],
        },
        {
          title: 'Pauses that Azure asks for',
          description:
            'Part of the time for which Azure refuses requests of a subscription and an identity, added up. Runbook: CmgOperatorThrottledByAzure.',
          shape: 'Lines',
          unit: 'percentunit',
          width: 12,
          queries: [
            {
              expression: 'sum by (job) (rate(cmg_operator_azure_paused_seconds_total[$__rate_interval]))',
              legend: '{{job}}',
            },
          ],
        },
      ],
    },
  ],
};
