// Generated from crds/configmgr.io_boundarygroupreferences.yaml by `npm run generate`. Do not edit.

import type { ObjectMeta } from '../object-meta.ts';

/** A reference of a boundary group to a cloud management gateway, so that clients in it use the gateway. */
export interface BoundaryGroupReference {
  readonly apiVersion: 'configmgr.io/v1alpha1';
  readonly kind: 'BoundaryGroupReference';
  readonly metadata: ObjectMeta;
  readonly spec: BoundaryGroupReferenceSpec;
  readonly status?: BoundaryGroupReferenceStatus;
}

/** The reference as it was last seen. */
export interface BoundaryGroupReferenceStatus {
  /** Generation of the spec that this status speaks of. */
  readonly observedGeneration?: number;
  /** What is true of the reference. Ready sums the others up. */
  readonly conditions?: readonly BoundaryGroupReferenceStatusCondition[];
  /** Id of the boundary group on the site. */
  readonly groupId?: number;
  /** Name of the boundary group on the site. */
  readonly groupName?: string;
  /** The gateways of the CMG that the group references, or is to reference. */
  readonly members?: readonly BoundaryGroupReferenceStatusMember[];
  /** Whether the group preferred cloud sources before the operator changed it. */
  readonly preferCloudSourcesBefore?: boolean;
  /** Steps that a person has to take on the site. Each is gone once the site shows that it is done. */
  readonly manualSteps?: readonly BoundaryGroupReferenceStatusManualStep[];
}

/** One step. */
export interface BoundaryGroupReferenceStatusManualStep {
  /** What it does on the site. */
  readonly operation: string;
  /** What to do, and why the operator does not. */
  readonly instruction: string;
  /** The line for a PowerShell with the ConfigurationManager module on the drive of the site. */
  readonly cmdlet?: string;
}

/** One gateway. */
export interface BoundaryGroupReferenceStatusMember {
  /** Service name of the gateway. */
  readonly serviceName: string;
  /** How the site names it. */
  readonly nalPath: string;
  /**
   * Whether the group referenced it before the operator came. It is then kept when this object goes, unless the gateway
   * goes too.
   */
  readonly adopted: boolean;
}

/** One condition. */
export interface BoundaryGroupReferenceStatusCondition {
  /** Name of the condition. */
  readonly type: string;
  /** Whether it holds. */
  readonly status: 'True' | 'False' | 'Unknown';
  /** Generation of the spec that it speaks of. */
  readonly observedGeneration?: number;
  /** When the status last changed. */
  readonly lastTransitionTime: string;
  /** One word that says why. */
  readonly reason: string;
  /** What is the matter, and what to do next. */
  readonly message: string;
}

/** The reference as it should be. */
export interface BoundaryGroupReferenceSpec {
  /**
   * Stops all writes of the operator for this object, to the site and to the status. The boundary group stays as it is.
   * Default: false.
   */
  readonly suspend: boolean;
  /** The Site in the same namespace that the boundary group is on. It cannot be changed. */
  readonly siteRef: BoundaryGroupReferenceSpecSiteRef;
  /** The CMG in the same namespace whose gateway the group references. */
  readonly cmgRef: BoundaryGroupReferenceSpecCmgRef;
  /** The boundary group, by its name or by its id. It cannot be changed. */
  readonly boundaryGroup: BoundaryGroupReferenceSpecBoundaryGroup;
  /** Whether clients take the way to the gateway for fast or slow. Default: Fast. */
  readonly connection: 'Fast' | 'Slow';
  /**
   * Whether clients in the group prefer cloud sources over on-premises ones. It holds for the whole group, whatever it
   * references. Left out, it stays as it is.
   */
  readonly preferCloudSources?: boolean;
  /**
   * What happens on the site when this object is deleted. Delete takes away what the operator added; Retain leaves it
   * as it is. Default: Delete.
   */
  readonly deletionPolicy: 'Delete' | 'Retain';
}

/** The boundary group, by its name or by its id. It cannot be changed. */
export interface BoundaryGroupReferenceSpecBoundaryGroup {
  /** Name of the boundary group. */
  readonly name?: string;
  /** Id of the boundary group on the site (GroupID). */
  readonly id?: number;
}

/** The CMG in the same namespace whose gateway the group references. */
export interface BoundaryGroupReferenceSpecCmgRef {
  /** Name of the CMG. */
  readonly name: string;
}

/** The Site in the same namespace that the boundary group is on. It cannot be changed. */
export interface BoundaryGroupReferenceSpecSiteRef {
  /** Name of the Site. */
  readonly name: string;
}
