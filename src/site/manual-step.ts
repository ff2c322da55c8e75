import type { SiteOperation } from './operations.ts';

/** A step that a person has to take on the site. */
export interface ManualStep {
  readonly operation: SiteOperation;
  /** What to do and why the operator does not, in one or two sentences. */
  readonly instruction: string;
  /** The line for a PowerShell with the ConfigurationManager module on the site's drive; absent where no cmdlet does it. */
  readonly cmdlet?: string | undefined;
}
