/** A step for a person. */
interface Step {
  readonly operation: string;
  readonly instruction: string;
  readonly cmdlet?: string | undefined;
}

/** As many as a status takes. */
const MOST_STEPS = 32;

/** The steps as a status has them. */
export function stepsForStatus(steps: readonly Step[]) {
  return steps.slice(0, MOST_STEPS).map(({ operation, instruction, cmdlet }) => ({
    operation,
    instruction,
    ...(cmdlet === undefined ? {} : { cmdlet }),
  }));
}

/** What a condition says of steps: the first one, with its line. */
export function describeSteps(steps: readonly Step[]): string {
  const [first] = steps;
  if (first === undefined) {
    return '';
  }
  const line = first.cmdlet === undefined ? '' : ` In a PowerShell of the site: ${first.cmdlet}`;
  const others = steps.length > 1 ? ` All ${steps.length} steps are in status.manualSteps.` : '';
  return `${first.instruction}${line}${others}`;
}
