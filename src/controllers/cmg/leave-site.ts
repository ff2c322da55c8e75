import { redactText } from '../../observability/redaction.ts';
import { keyOf } from '../../runtime/objects.ts';
import { isSameName } from '../../site/names.ts';
import { isSiteFailure } from '../../site/site.ts';
import { describeSteps } from '../site/manual-steps.ts';
import type { OnSiteInput } from './on-site.ts';
import type { Happening } from './report.ts';

/** Objects by which the site still refers to a gateway, as they themselves say. */
export function stillOnSite({ cmg, site }: OnSiteInput, serviceName: string): readonly string[] {
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

/** What became of the site's record of a gateway. */
export interface Unregistered {
  /** `Unknown`: the site could not be asked. */
  readonly kind: 'Known' | 'Unknown';
  readonly happenings: readonly Happening[];
}

/** The site's record of a gateway goes, if there is a site. */
export async function takeOffSite(input: OnSiteInput, serviceName: string): Promise<Unregistered> {
  return input.cmg.spec.siteRef === undefined ? { kind: 'Known', happenings: [] } : unregister(input, serviceName);
}

async function unregister({ cmg, site, signal }: OnSiteInput, serviceName: string): Promise<Unregistered> {
  const unknown = leftover(`The site could not be asked, and may still have a record of the gateway ${serviceName}.`);
  const usable = site.siteOf(cmg);
  if (usable.kind !== 'Usable') {
    // Without its Site, nothing will ever answer.
    const isGone = usable.kind === 'NotUsable' && usable.reason === 'SiteNotFound';
    return { kind: isGone ? 'Known' : 'Unknown', happenings: [unknown] };
  }
  const records = await usable.site.serviceRecords({ signal });
  if (isSiteFailure(records)) {
    return { kind: 'Unknown', happenings: [unknown] };
  }
  const found = records.value.find((each) => isSameName(each.serviceName, serviceName));
  if (found === undefined || found.state.kind === 'Deleting') {
    return { kind: 'Known', happenings: [] };
  }
  const result = await usable.site.unregisterService(found, { signal });
  switch (result.kind) {
    case 'Accepted':
      return { kind: 'Known', happenings: [] };
    case 'Manual':
      return {
        kind: 'Known',
        happenings: [leftover(`The site still has a record of the gateway. ${describeSteps([result.step])}`)],
      };
    default:
      return {
        kind: 'Unknown',
        happenings: [
          leftover(`The site still has a record of the gateway ${serviceName}: ${redactText(result.message)}`),
        ],
      };
  }
}

/** What is told of something that stays on the site. */
export function leftover(note: string): Happening {
  return { type: 'Warning', reason: 'LeftOnSite', action: 'Delete', note: note.slice(0, 1000) };
}
