import type { BoundaryGroupReference } from '../../api/v1alpha1/boundarygroupreference.generated.ts';
import type { CMG } from '../../api/v1alpha1/cmg.generated.ts';
import type { ConnectionPoint } from '../../api/v1alpha1/connectionpoint.generated.ts';
import type { Site as SiteObject } from '../../api/v1alpha1/site.generated.ts';
import type { UsableSite } from '../site/usable-site.ts';

/** The site of CMGs, and what else on it names them. */
export interface SiteScope {
  /** The site that a CMG names. */
  siteOf(cmg: CMG): UsableSite;
  /** The object of that site, whether or not the site can be used. */
  siteObjectOf(cmg: CMG): SiteObject | undefined;
  /** All Site objects of the namespace of a CMG, that of its site among them. */
  siteObjectsBeside(cmg: CMG): readonly SiteObject[];
  /** @param cmg `namespace/name` */
  connectionPointsOf(cmg: string): readonly ConnectionPoint[];
  /** @param cmg `namespace/name` */
  boundaryGroupReferencesOf(cmg: string): readonly BoundaryGroupReference[];
}
