import { toTimestamp } from '../../runtime/conditions.ts';
import { keyOf } from '../../runtime/objects.ts';
import { isSiteFailure, type Site } from '../../site/site.ts';
import { describeSteps } from '../site/manual-steps.ts';
import { isSameName } from '../site/site-settings.ts';
import { isManaged } from './managed-cmg.ts';
import type { OnSiteInput } from './on-site.ts';
import type { Happening, Report } from './report.ts';

/** Whether a gateway that is being deleted has left its site. */
export type Leaving =
  /** The report is for the status, as long as it has not. */
  | { readonly kind: 'Waiting'; readonly report: Report }
  /** What is to be told once the removal from Azure begins. */
  | { readonly kind: 'Left'; readonly happenings: readonly Happening[] };

/** The removal waits for the site so long, by the time of the deletion, and goes on without. */
const PATIENCE_MS = 3_600_000;

/** How often it is looked, besides at each change of what it waits for. */
const LOOK_MS = 60_000;

const LEFT: Leaving = { kind: 'Left', happenings: [] };

/**
 * Before a gateway is removed from Azure, boundary groups stop referencing it and its connection points are uninstalled,
 * each by its own object; then the site's record goes. A gateway that stays in Azure stays on its site.
 */
export async function leaveSite(input: OnSiteInput): Promise<Leaving> {
  const { cmg, site, now } = input;
  const { spec, metadata, status } = cmg;
  const record = status?.deployments?.[0];
  const stays = !isManaged(cmg) || spec.deletionPolicy === 'Retain' || spec.deletionProtection;
  if (spec.siteRef === undefined || record === undefined || record.phase !== 'Active' || stays) {
    return LEFT;
  }
  const until = Date.parse(metadata.deletionTimestamp ?? '') + PATIENCE_MS;
  const left = stillThere(input, record.serviceName);
  if (left.length > 0 && now < until) {
    const message = `Before the gateway goes, it is taken out of ${left.join(', ')}. Should that not come to an end, the removal goes on at ${toTimestamp(until)}.`;
    const finding = { type: 'SiteRegistered', status: 'False', reason: 'LeavingSite', message } as const;
    const report: Report = {
      findings: [finding],
      happenings: [],
      deployment: record,
      againAfterMs: Math.min(LOOK_MS, until - now),
    };
    return { kind: 'Waiting', report };
  }
  const told = left.map((what) => leftover(`The gateway was removed while ${what} still referred to it.`));
  const usable = site.siteOf(cmg);
  const unregistered =
    usable.kind === 'Usable'
      ? await unregister(input, usable.site, record.serviceName)
      : [leftover(`The site could not be asked, and may still have a record of the gateway ${record.serviceName}.`)];
  return { kind: 'Left', happenings: [...told, ...unregistered] };
}

/** Objects by which the site still refers to the gateway. */
function stillThere({ cmg, site }: OnSiteInput, serviceName: string): readonly string[] {
  const key = keyOf(cmg);
  const groups = site
    .boundaryGroupReferencesOf(key)
    .filter(({ status }) => (status?.members ?? []).some((member) => isSameName(member.serviceName, serviceName)))
    .map(({ metadata }) => `BoundaryGroupReference ${metadata.name}`);
  const points = site
    .connectionPointsOf(key)
    .filter(
      ({ status }) =>
        status?.installed === true && status.serviceName !== undefined && isSameName(status.serviceName, serviceName),
    )
    .map(({ metadata }) => `ConnectionPoint ${metadata.name}`);
  return [...groups, ...points];
}

async function unregister({ signal }: OnSiteInput, live: Site, serviceName: string): Promise<readonly Happening[]> {
  const records = await live.serviceRecords({ signal });
  if (isSiteFailure(records)) {
    return [leftover(`The site could not be asked, and may still have a record of the gateway ${serviceName}.`)];
  }
  const record = records.value.find((each) => isSameName(each.serviceName, serviceName));
  if (record === undefined || record.state.kind === 'Deleting') {
    return [];
  }
  const result = await live.unregisterService(record, { signal });
  switch (result.kind) {
    case 'Accepted':
      return [];
    case 'Manual':
      return [leftover(`The site still has a record of the gateway. ${describeSteps([result.step])}`)];
    default:
      return [leftover(`The site still has a record of the gateway ${serviceName}: ${result.message}`)];
  }
}

function leftover(note: string): Happening {
  return { type: 'Warning', reason: 'LeftOnSite', action: 'Delete', note: note.slice(0, 1000) };
}
