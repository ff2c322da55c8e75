import type { GatewayMark } from '../../../gateway/mark.ts';
import { isSameName } from '../../../site/names.ts';
import type { ServiceRecord } from '../../../site/site.ts';
import { type DescriptionOwner, markInDescription } from './site-description.ts';

/**
 * The marks of the gateways that the site made for the CMG and that no record tells of, by the descriptions of the site's records: they carry
 * no tags in Azure. One that the site is deleting needs nobody any more.
 *
 * @param records of the site; `undefined`: it did not say
 * @param known the deployments in the records, and those that were found in Azure
 */
export function foundOnSite(
  owner: DescriptionOwner,
  records: readonly ServiceRecord[] | undefined,
  known: readonly { readonly id: string; readonly serviceName: string }[],
): readonly GatewayMark[] {
  const marks = (records ?? [])
    .filter(({ state }) => state.kind !== 'Deleting')
    .flatMap((record) => markInDescription(owner, record) ?? [])
    .filter((mark) =>
      known.every(({ id, serviceName }) => id !== mark.id && !isSameName(serviceName, mark.serviceName)),
    );
  // A line that was used twice tells nothing of either.
  return marks.filter(({ id }) => marks.filter((mark) => mark.id === id).length === 1);
}
