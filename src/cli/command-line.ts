import { parseArgs } from 'node:util';
import type { PlanOptions } from './plan-command.ts';

/** What reading the command line came to. */
export type CommandLine =
  | { readonly kind: 'Help' }
  | { readonly kind: 'Version' }
  | { readonly kind: 'Invalid'; readonly problem: string }
  | {
      readonly kind: 'Plan';
      readonly options: PlanOptions;
      readonly output: 'text' | 'json';
      readonly detailedExitCode: boolean;
    };

/** The text of `--help`. */
export const HELP = `kubectl cmg: cloud management gateways, from the command line.

Usage:
  kubectl cmg plan -f FILE [flags]

plan tells what would follow from applying a CMG manifest, before it is applied: which fields differ, whether each is
changed in place or takes another gateway, and what that means for clients. It writes nothing. The API server fills in
the defaults and judges the manifest in a dry run, for which it asks for the rights of the real change: get and patch
on cmgs.configmgr.io, and create for a CMG that is not there yet. With list on connectionpoints.configmgr.io it also
tells whether a connection point is free for a second gateway.

Flags:
  -f, --filename FILE
        Manifests in YAML or JSON, with any number of documents; - is the standard input. May be given several times.
        Objects of other kinds are left out; a ConnectionPoint counts as if it were applied too.
  -n, --namespace NAME
        Namespace of manifests that name none. Default: that of the context.
  --kubeconfig FILE
        Kubeconfig file. Default: the variable KUBECONFIG, then ~/.kube/config.
  --context NAME
        Context of the kubeconfig. Default: the current one.
  --field-manager NAME
        As whom a server-side apply would be made. Default: whoever applied the CMG last. It matters for fields that a
        manifest no longer has: only what the same manager applied is removed.
  -o, --output text|json
        Default: text.
  --detailed-exitcode
        Tell by the exit code what would follow; see below.
  --version
        Print the version.
  -h, --help
        Show this text.

Exit codes:
  0  Done. With --detailed-exitcode: nothing would change.
  1  Something is wrong: the command line, a file, the cluster, or a manifest that the API server refuses.
  2  Only with --detailed-exitcode: something would change, and no gateway would be replaced.
  3  Only with --detailed-exitcode: a gateway would be replaced.

Examples:
  kubectl cmg plan -f granitefalls.yaml
  kustomize build gateways | kubectl cmg plan -f -
  kubectl cmg plan -f granitefalls.yaml --detailed-exitcode -o json
`;

/** Reads the command line. As with kubectl, there are no variables of the environment for flags. */
export function readCommandLine(args: readonly string[]): CommandLine {
  try {
    return commandOf(args);
  } catch (error) {
    return { kind: 'Invalid', problem: error instanceof Error ? error.message : String(error) };
  }
}

function commandOf(args: readonly string[]): CommandLine {
  const { values, positionals } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: true,
    options: {
      filename: { type: 'string', short: 'f', multiple: true, default: [] },
      namespace: { type: 'string', short: 'n' },
      kubeconfig: { type: 'string' },
      context: { type: 'string' },
      'field-manager': { type: 'string' },
      output: { type: 'string', short: 'o', default: 'text' },
      'detailed-exitcode': { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [command, ...rest] = positionals;
  const { filename: files, namespace, kubeconfig, context, output } = values;
  const fieldManager = values['field-manager'];
  if (values.help || (command === undefined && args.length === 0)) {
    return { kind: 'Help' };
  }
  if (values.version) {
    return { kind: 'Version' };
  }
  const problem = problemOf(command, rest, files, output);
  if (problem !== undefined || (output !== 'text' && output !== 'json')) {
    return { kind: 'Invalid', problem: problem ?? '' };
  }
  return {
    kind: 'Plan',
    options: {
      files,
      ...(namespace === undefined ? {} : { namespace }),
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
      ...(context === undefined ? {} : { context }),
      ...(fieldManager === undefined ? {} : { fieldManager }),
    },
    output,
    detailedExitCode: values['detailed-exitcode'],
  };
}

function problemOf(
  command: string | undefined,
  rest: readonly string[],
  files: readonly string[],
  output: string,
): string | undefined {
  if (command !== 'plan') {
    return command === undefined ? 'No command is given. There is one: plan.' : `There is no command ${command}.`;
  }
  if (rest.length > 0) {
    return `${rest.join(' ')} is more than plan takes. Files are named with -f.`;
  }
  if (files.length === 0) {
    return 'No file is given: name one with -f, or - for the standard input.';
  }
  if (files.filter((file) => file === '-').length > 1) {
    return 'The standard input can be read only once.';
  }
  return output === 'text' || output === 'json' ? undefined : `--output ${output} is neither text nor json.`;
}
