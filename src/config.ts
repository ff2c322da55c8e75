import { parseArgs } from 'node:util';
import * as z from 'zod';

/** Prefix of the environment variables: `--drift-interval` is also read from `CMG_OPERATOR_DRIFT_INTERVAL`. */
const ENVIRONMENT_PREFIX = 'CMG_OPERATOR_';

const DURATION = /^(?:[0-9]+(?:\.[0-9]+)?(?:h|m|s))+$/;
const MILLISECONDS_PER_UNIT: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

/** Milliseconds of a Go-style duration in hours, minutes and seconds, such as `10m` or `1h30m`. */
export function parseDuration(text: string): number {
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+(?:\.[0-9]+)?)(h|m|s)/g)) {
    total += Number(amount) * (MILLISECONDS_PER_UNIT[unit ?? ''] ?? Number.NaN);
  }
  return total;
}

const duration = z
  .string()
  .regex(DURATION, 'is not a duration in hours, minutes and seconds, such as 10m or 1h30m')
  .transform(parseDuration);

const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

const bindAddress = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:]+\]|[^:\s]*):[0-9]{1,5}$/, 'is not HOST:PORT or :PORT')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, '') || '0.0.0.0', port: Number(text.slice(colon + 1)) };
  });

const namespaces = z
  .string()
  .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))].filter((name) => name !== ''))
  .refine((names) => names.every((name) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)), {
    message: 'holds something that is not a namespace name',
  });

interface Option {
  readonly schema: z.ZodType;
  readonly fallback?: string;
  readonly value: string;
  readonly text: string;
}

/** Every flag in the order of the help text. The value `undefined` of an optional one means "not given". */
const OPTIONS = {
  'installation-id': {
    schema: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/, 'must be 1 to 40 lower-case letters, digits and inner hyphens'),
    value: 'ID',
    text: 'Names this installation in the tags of Azure resources. The same id on a new cluster takes the gateways over; two clusters must never share one. Required.',
  },
  namespaces: {
    schema: namespaces,
    fallback: '',
    value: 'A,B',
    text: 'Namespaces to watch, separated by commas. Empty: all, which needs cluster-wide rights.',
  },
  kubeconfig: {
    schema: z.string().optional(),
    value: 'FILE',
    text: 'Kubeconfig file. Without it: the KUBECONFIG variable, the home directory, or the service account of the pod.',
  },
  'leader-elect': {
    schema: flag,
    fallback: 'true',
    value: 'true|false',
    text: 'Elect a leader before acting, so that several replicas may run.',
  },
  'leader-election-namespace': {
    schema: z.string().optional(),
    value: 'NAME',
    text: "Namespace of the Lease, and of the ConfigMap cmg-operator-deletions, which remembers what --max-deletions-per-hour counts. Without it: the pod's own namespace.",
  },
  'http-bind-address': {
    schema: bindAddress,
    fallback: ':8080',
    value: 'HOST:PORT',
    text: 'Address of /livez, /readyz and /metrics. Port 0 takes a free one.',
  },
  'max-concurrent-reconciles': {
    schema: z.coerce.number().int().min(1).max(200),
    fallback: '10',
    value: 'N',
    text: 'How many CMGs are reconciled at the same time.',
  },
  'drift-interval': {
    schema: duration.refine((ms) => ms >= 1000, 'must be at least 1s'),
    fallback: '10m',
    value: 'DURATION',
    text: 'How often Azure is searched for changes of gateways while nothing else happens: by one query for all gateways of a subscription, and a look at the VMs of each.',
  },
  'full-read-interval': {
    schema: duration.refine((ms) => ms >= 1000, 'must be at least 1s'),
    fallback: '1h',
    value: 'DURATION',
    text: 'How often every resource of a gateway is read by itself, whatever the query shows. It finds changes of what the query cannot show: containers, role assignments, the certificate in the key vault.',
  },
  'client-count-interval': {
    schema: duration.refine((ms) => ms >= 600_000, 'must be at least 10m'),
    fallback: '1h',
    value: 'DURATION',
    text: 'How often all devices of a site are read at most, to count the clients that know a new gateway, and what gateways hold is compared. Both happen during redeployments only; devices are read once for all gateways of the site.',
  },
  'max-deletions-per-hour': {
    schema: z.coerce.number().int().min(1).max(1000),
    fallback: '3',
    value: 'N',
    text: 'How many gateways are removed from Azure within an hour. Further ones wait until then, and go on by themselves. It stops a bad merge.',
  },
  'max-concurrent-rollouts': {
    schema: z.coerce.number().int().min(1).max(1000),
    fallback: '1',
    value: 'N',
    text: 'To how many gateways of one site a new model of their VMs is brought at the same time: another certificate, service package, size, setting or image. Those without a Site count together. Further ones wait for their turn, and serve on meanwhile. A change that makes VMs fail so stops at the first gateway.',
  },
  'gateway-probe': {
    schema: z.enum(['TLS', 'AzureOnly']),
    fallback: 'TLS',
    value: 'TLS|AzureOnly',
    text: 'How it is judged whether a gateway serves. TLS: what Azure tells, and then a connection to its public address, which has to present the declared certificate. AzureOnly: what Azure tells alone, for clusters that may not reach gateways.',
  },
  'watch-secrets': {
    schema: flag,
    fallback: 'true',
    value: 'true|false',
    text: 'Watch Secrets and ConfigMaps, so that a changed one counts at once, which needs the rights to list and watch all of a namespace. With false, get on those that are named is enough, and a change is seen within the drift interval.',
  },
  'azure-cloud-file': {
    schema: z.string().optional(),
    value: 'FILE',
    text: 'JSON file that replaces endpoints of an Azure environment, for private clouds.',
  },
  'log-level': {
    schema: z.enum(['debug', 'info', 'warn', 'error']),
    fallback: 'info',
    value: 'LEVEL',
    text: 'debug, info, warn or error.',
  },
  'log-format': {
    schema: z.enum(['json', 'text']),
    fallback: 'json',
    value: 'FORMAT',
    text: 'json, one object a line, or text for people.',
  },
} as const satisfies Record<string, Option>;

type OptionName = keyof typeof OPTIONS;

/** The operator's configuration, checked and converted. Durations are milliseconds. */
export type OperatorConfig = { readonly [Name in OptionName]: z.infer<(typeof OPTIONS)[Name]['schema']> };

/** What reading the command line came to. */
export type ConfigOutcome =
  | { readonly kind: 'Run'; readonly config: OperatorConfig }
  | { readonly kind: 'Help'; readonly text: string }
  | { readonly kind: 'Invalid'; readonly problems: readonly string[] };

/**
 * Reads flags and environment variables. A flag wins over its variable, the variable over the default. Every problem is
 * reported, not only the first.
 */
export function readConfig(args: readonly string[], environment: NodeJS.ProcessEnv): ConfigOutcome {
  let given: Record<string, string | boolean | undefined>;
  try {
    given = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const }])),
      },
    }).values;
  } catch (error) {
    return { kind: 'Invalid', problems: [error instanceof Error ? error.message : String(error)] };
  }
  if (given.help === true) {
    return { kind: 'Help', text: helpText() };
  }
  const config: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, option] of Object.entries<Option>(OPTIONS)) {
    const variable = variableOf(name);
    const text = given[name] ?? environment[variable] ?? option.fallback;
    const parsed = option.schema.safeParse(text);
    if (parsed.success) {
      config[name] = parsed.data;
    } else if (text === undefined) {
      problems.push(`--${name} is required (or the variable ${variable}): ${option.text}`);
    } else {
      problems.push(
        `--${name} ${JSON.stringify(text)}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`,
      );
    }
  }
  return problems.length > 0 ? { kind: 'Invalid', problems } : { kind: 'Run', config: config as OperatorConfig };
}

function variableOf(name: string): string {
  return ENVIRONMENT_PREFIX + name.toUpperCase().replaceAll('-', '_');
}

function helpText(): string {
  const rows = Object.entries<Option>(OPTIONS).map(([name, option]) => {
    const fallback = option.fallback === undefined || option.fallback === '' ? '' : ` Default: ${option.fallback}.`;
    return `  --${name} ${option.value}\n        ${option.text}${fallback}`;
  });
  return [
    'cmg-operator: runs Configuration Manager cloud management gateways from CMG manifests.',
    '',
    'Usage: cmg-operator --installation-id ID [flags]',
    '',
    ...rows,
    '  --help\n        Show this text.',
    '',
    `Each flag may also be given as a variable: --drift-interval as ${variableOf('drift-interval')}.`,
    '',
    'Examples:',
    '  cmg-operator --installation-id contoso-prod --namespaces gateways',
    '  cmg-operator --installation-id lab --kubeconfig ~/.kube/config --leader-elect false --log-format text',
    '',
  ].join('\n');
}
