import { type CmdletParameter, cmdletLine } from './cmdlets.ts';
import type { ContentItem, ContentKind } from './facts.ts';
import type { ManualStep } from './manual-step.ts';

/** Content that one gateway holds, or held, and the one that takes its place does not. */
export interface ContentToDistribute {
  /** Service name of the gateway that holds it; absent: it is gone. */
  readonly from?: string;
  /** Service name of the gateway that is to hold it. */
  readonly to: string;
  /** The first of those that nobody has distributed to it yet. */
  readonly unassigned: readonly ContentItem[];
  /** The first of those whose distribution to it has failed, or stands as nobody knows. */
  readonly failed: readonly ContentItem[];
  /** How many there are of both together. */
  readonly count: number;
}

type ByIds = CmdletParameter<'Start-CMContentDistribution'>;

/** By which parameter the cmdlet takes what; an application by its name, as no read shows the id that it would take. */
const PARAMETERS: Readonly<Record<ContentKind, ByIds | undefined>> = {
  Application: 'ApplicationName',
  Package: 'PackageId',
  DriverPackage: 'DriverPackageId',
  TaskSequence: 'TaskSequenceId',
  DeploymentPackage: 'DeploymentPackageId',
  OperatingSystemImage: 'OperatingSystemImageId',
  BootImage: 'BootImageId',
  OperatingSystemInstaller: 'OperatingSystemInstallerId',
  Other: undefined,
};

/**
 * The steps by which a person distributes the content: one for each kind that there is, as each has a parameter of its own, and
 * one for what failed. A gateway may hold thousands: the first are named, and the next once those are there.
 */
export function contentSteps(content: ContentToDistribute): readonly ManualStep[] {
  const { from, to, unassigned, failed, count } = content;
  const rest =
    count > unassigned.length + failed.length
      ? from === undefined
        ? ` There are ${count} in all; the next are named here once these are on their way, as far as more than their number was kept.`
        : ` There are ${count} in all: the tab Content in the properties of ${from} in the console lists them, and the next are named here once these are on their way.`
      : '';
  const kinds = [...new Set(unassigned.map(kindOf))];
  return [
    ...kinds.map((kind) => distributionStep(content, kind, rest)),
    ...unnamedStep(content),
    ...(failed.length === 0
      ? []
      : [
          {
            operation: 'DistributeContent' as const,
            instruction: `The distribution of ${failed.map(calledIn).join(', ')} to ${to} has not succeeded. Look at it under Monitoring, Distribution Status, Content Status, and redistribute it in the tab Content of the properties of ${to}.${rest}`,
          },
        ]),
  ];
}

/** What nobody can name any more, once all else is there. */
function unnamedStep({ from, to, unassigned, failed, count }: ContentToDistribute): readonly ManualStep[] {
  const instruction = `Distribute to ${to} what the gateway held beside that was deleted before it: ${count} packages and applications of which only the number was kept.`;
  const isUnnamed = from === undefined && count > 0 && unassigned.length + failed.length === 0;
  return isUnnamed ? [{ operation: 'DistributeContent', instruction }] : [];
}

function distributionStep({ to, from, unassigned }: ContentToDistribute, kind: ContentKind, rest: string): ManualStep {
  const items = unassigned.filter((item) => kindOf(item) === kind);
  const parameter = PARAMETERS[kind];
  const instruction = (named: readonly ContentItem[]) =>
    `Distribute ${from === undefined ? 'what the gateway held that was deleted before it' : `content of ${from}`} to ${to}: ${named.map(calledIn).join(', ')}.`;
  if (parameter === undefined) {
    return {
      operation: 'DistributeContent',
      instruction: `${instruction(items)} No cmdlet takes it by its id; use the console.${rest}`,
    };
  }
  const line = (named: readonly ContentItem[]) =>
    cmdletLine('Start-CMContentDistribution', {
      [parameter]: named.map(({ packageId, name }) => (parameter === 'ApplicationName' ? name : packageId)),
      DistributionPointName: to,
    });
  const fitting = items.filter((_, at) => line(items.slice(0, at + 1)).length <= LONGEST_CMDLET);
  return {
    operation: 'DistributeContent',
    instruction: `${instruction(fitting)} The operator does not: no request for it is documented.${rest}`,
    cmdlet: line(fitting),
  };
}

/** As much as a status takes. */
const LONGEST_CMDLET = 4096;

/** Without a name an application is none that the cmdlet could find. */
function kindOf({ kind, name }: ContentItem): ContentKind {
  return kind === 'Application' && name === '' ? 'Other' : kind;
}

/** Names may be long: those of as many items as are named have to go into a status. */
const LONGEST_NAME = 60;

function calledIn({ packageId, name }: ContentItem): string {
  const short = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  return name === '' ? packageId : `${short} (${packageId})`;
}
