import type { SiteSpec } from '../../api/v1alpha1/site.generated.ts';
import type { Condition } from '../../runtime/conditions.ts';
import {
  type ClientAuthentication,
  isSiteFailure,
  type ManualStep,
  type Site,
  type SiteAnswer,
  type SiteFailure,
  type SiteIdentity,
  type WriteResult,
} from '../../site/site.ts';
import type { Finding } from '../cmg/finding.ts';
import { describeSteps } from './manual-steps.ts';
import { primariesOf } from './primary-sites.ts';
import { siteProblem } from './site-problem.ts';
import {
  type ObservedSettings,
  type SettingChange,
  type SettingDifference,
  settingChanges,
  settingDifferences,
} from './site-settings.ts';
import { SHARED_AGE_MS } from './usable-site.ts';

/** What keeping a site as declared came to. */
export interface SettingsOutcome {
  readonly finding: Finding;
  readonly differences: readonly SettingDifference[];
  readonly manualSteps: readonly ManualStep[];
  /** When it is to be tried again, if the site asks for a pause or failed. */
  readonly retryAfterMs?: number;
}

export interface SettingsInput {
  readonly spec: Pick<SiteSpec, 'clientAuthentication' | 'clientFacingRoles' | 'clientSettings'>;
  readonly live: Site;
  readonly identity: SiteIdentity;
  readonly signal: AbortSignal;
  /** The condition until now. */
  readonly before: Condition | undefined;
  readonly now: number;
}

/** Reads what is declared of a site, and changes what differs. What was changed is read back in a later round. */
export async function applySettings(input: SettingsInput): Promise<SettingsOutcome> {
  const reading = await readSettings(input);
  if (reading.kind === 'Failed') {
    const { retryAfterMs, ...problem } = siteProblem(
      'Reading what is declared of the site',
      reading.failure,
      input.before,
      input.now,
    );
    return { finding: { type: 'InSync', ...problem }, differences: [], manualSteps: [], retryAfterMs };
  }
  const differences = settingDifferences(input.spec, reading.observed);
  const results: { readonly change: SettingChange; readonly result: WriteResult }[] = [];
  for (const change of settingChanges(differences)) {
    // One after the other: roles of one server are one object on the site.
    results.push({ change, result: await write(input, change) });
  }
  return { differences, ...judge(input, differences, results) };
}

type Reading =
  | { readonly kind: 'Read'; readonly observed: ObservedSettings }
  | { readonly kind: 'Failed'; readonly failure: SiteFailure };

/**
 * Reads only what the spec speaks of. What a site does not have or nobody understands is not the same as a site that does
 * not answer: the first is told as a difference, the second makes everything unknown.
 */
async function readSettings({ spec, live, identity, signal }: SettingsInput): Promise<Reading> {
  const options = { signal, maxAgeMs: SHARED_AGE_MS };
  const { clientFacingRoles = [], clientAuthentication = {}, clientSettings = {} } = spec;
  const wantsRoles = clientFacingRoles.length > 0;
  const wantsAuthentication = wantsRoles || Object.keys(clientAuthentication).length > 0;
  const roles = wantsRoles ? await live.clientFacingRoles(options) : undefined;
  const allowCmg = clientSettings.allowCmg === undefined ? undefined : await live.clientSettings(options);
  const authentication = new Map<string, ClientAuthentication | undefined>();
  for (const siteCode of wantsAuthentication ? primariesOf(identity) : []) {
    const answer = await live.clientAuthentication(siteCode, options);
    if (isFailed(answer)) {
      return { kind: 'Failed', failure: answer };
    }
    authentication.set(siteCode, answeredValue(answer));
  }
  const failed = [roles, allowCmg].find((answer) => answer !== undefined && isFailed(answer));
  return failed !== undefined && isSiteFailure(failed)
    ? { kind: 'Failed', failure: failed }
    : {
        kind: 'Read',
        observed: {
          roles: roles && answeredValue(roles),
          clientAuthentication: authentication,
          allowCmg: allowCmg && answeredValue(allowCmg)?.allowCmg,
        },
      };
}

/** Whether a reading failed for another reason than that the site does not have what was asked for. */
function isFailed(answer: SiteAnswer<unknown>): answer is SiteFailure {
  return isSiteFailure(answer) && answer.kind !== 'NotFound';
}

function answeredValue<T>(answer: SiteAnswer<T>): T | undefined {
  return answer.kind === 'Answered' ? answer.value : undefined;
}

function write({ live, signal }: SettingsInput, change: SettingChange): Promise<WriteResult> {
  switch (change.kind) {
    case 'CmgTraffic':
      return live.setCmgTraffic(change, { signal });
    case 'ClientAuthentication':
      return live.setClientAuthentication(change, { signal });
    case 'ClientSettings':
      return live.setClientSettings(change, { signal });
    default:
      return change satisfies never;
  }
}

function judge(
  { before, now }: SettingsInput,
  differences: readonly SettingDifference[],
  results: readonly { readonly change: SettingChange; readonly result: WriteResult }[],
): Omit<SettingsOutcome, 'differences'> {
  const manualSteps = results.flatMap(({ result }) => (result.kind === 'Manual' ? result.step : []));
  const failure = results.map(({ result }) => result).find(isSiteFailure);
  const told = (finding: Omit<Finding, 'type'>, retryAfterMs?: number) => ({
    finding: { type: 'InSync' as const, ...finding },
    manualSteps,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  if (failure !== undefined) {
    // That the site could not be changed does not mean that it is not known: it differs.
    const { retryAfterMs, ...problem } = siteProblem('Setting the site as declared', failure, before, now, 'False');
    return told(problem, retryAfterMs);
  }
  const stuck = differences.find(({ change }) => change === undefined);
  if (stuck !== undefined) {
    const reason = stuck.needsHttps === true ? 'RoleNeedsHttps' : 'SiteDiffers';
    return told({
      status: 'False',
      reason,
      message: `${stuck.field} is ${stuck.actual}. ${stuck.advice ?? ''}`.trim(),
    });
  }
  if (manualSteps.length > 0) {
    return told({ status: 'False', reason: 'ManualStepRequired', message: describeSteps(manualSteps) });
  }
  if (differences.length > 0) {
    const fields = differences.map(({ field, declared, actual }) => `${field} (${actual} → ${declared})`).join('; ');
    return told({ status: 'False', reason: 'SiteChanging', message: `Being set on the site: ${fields}.` });
  }
  return told({ status: 'True', reason: 'Succeeded', message: 'Nothing on the site differs from what is declared.' });
}
