import type { CMGStatus, CMGStatusDeployment } from '../../api/v1alpha1/cmg.generated.ts';
import type { Finding } from './finding.ts';
import type { SiteStep } from './site-requirements.ts';
import type { SiteParts } from './status.ts';

/** What happened that is worth an event. */
export interface Happening {
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for programs. */
  readonly reason: string;
  /** What the operator did, in CamelCase. */
  readonly action: string;
  readonly note: string;
}

/** What one run through the procedure came to. */
export interface Report {
  readonly findings: readonly Finding[];
  readonly happenings: readonly Happening[];
  /** `None`: what the status says is of another gateway, and of this one nothing is known. */
  readonly certificate?: NonNullable<CMGStatus['certificate']> | 'None';
  /** What is known of the credentials; left out where this run did not sign in. */
  readonly credentials?: NonNullable<CMGStatus['credentials']>;
  /** SHA-1 of the server certificate in upper-case hexadecimal digits, as sites have it. */
  readonly certificateThumbprint?: string;
  /** What is known of the gateway's part on the site; parts left out keep what they said. */
  readonly site?: Partial<SiteParts>;
  /** What a person has to do so that a redeployment goes on, beside what follows from the gateway's part on the site. */
  readonly steps?: readonly SiteStep[];
  /** What is to be said of a gateway that is only kept up, and that no condition is about. */
  readonly remarks?: readonly string[];
  /** The deployment as it is now; left out where this run did not get as far. */
  readonly deployment?: CMGStatusDeployment;
  /** All deployments, where this run knows of more than one. */
  readonly deployments?: readonly CMGStatusDeployment[];
  /** Id of the deployment that serves clients; left out where this run did not find out. */
  readonly activeDeployment?: string;
  /** What the planner of redeployments has to remember. */
  readonly planned?: NonNullable<CMGStatus['planned']>;
  /** When a gateway whose CMG is being deleted begins to leave its site, as RFC 3339; left out where it does not begin now. */
  readonly leavingSince?: string;
  /** The redeployment that runs, or that none does; left out where this run did not plan. */
  readonly redeployment?: NonNullable<CMGStatus['redeployment']> | 'None';
  /** When to run again at the latest, in milliseconds from now. */
  readonly againAfterMs: number;
}
