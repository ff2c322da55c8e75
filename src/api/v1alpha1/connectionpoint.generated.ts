// Generated from crds/configmgr.io_connectionpoints.yaml by `npm run generate`. Do not edit.

import type { ObjectMeta } from '../object-meta.ts';

/**
 * A cloud management gateway connection point: the site role through which a server of the site connects to a gateway.
 */
export interface ConnectionPoint {
  readonly apiVersion: 'configmgr.io/v1alpha1';
  readonly kind: 'ConnectionPoint';
  readonly metadata: ObjectMeta;
  readonly spec: ConnectionPointSpec;
  readonly status?: ConnectionPointStatus;
}

/** The connection point as it was last seen. */
export interface ConnectionPointStatus {
  /** Generation of the spec that this status speaks of. */
  readonly observedGeneration?: number;
  /** What is true of the connection point. Ready sums the others up. */
  readonly conditions?: readonly ConnectionPointStatusCondition[];
  /** Code of the primary site that the server belongs to. */
  readonly siteCode?: string;
  /** Id of the deployment of the CMG that the role is linked to. */
  readonly deployment?: string;
  /** Service name of the gateway that the role is linked to. */
  readonly serviceName?: string;
  /** Region of that gateway, as the console shows it. */
  readonly region?: string;
  /** TCP ports of the gateway that the server has to reach. */
  readonly ports?: readonly number[];
  /** Whether the server needs a client authentication certificate. */
  readonly clientCertificate?: 'Required' | 'NotRequired' | 'Unknown';
  /** Whether the server is connected to the gateway. */
  readonly connected?: 'True' | 'False' | 'Partly' | 'Unknown';
  /**
   * Whether the operator installed the role, or had it installed. A role that was there before is never uninstalled.
   */
  readonly installed?: boolean;
  /** Steps that a person has to take on the site. Each is gone once the site shows that it is done. */
  readonly manualSteps?: readonly ConnectionPointStatusManualStep[];
}

/** One step. */
export interface ConnectionPointStatusManualStep {
  /** What it does on the site. */
  readonly operation: string;
  /** What to do, and why the operator does not. */
  readonly instruction: string;
  /** The line for a PowerShell with the ConfigurationManager module on the drive of the site. */
  readonly cmdlet?: string;
}

/** One condition. */
export interface ConnectionPointStatusCondition {
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

/** The connection point as it should be. */
export interface ConnectionPointSpec {
  /**
   * Stops all writes of the operator for this object, to the site and to the status. The role on the server stays as it
   * is. Default: false.
   */
  readonly suspend: boolean;
  /** The Site in the same namespace that the server belongs to. It cannot be changed. */
  readonly siteRef: ConnectionPointSpecSiteRef;
  /** The CMG in the same namespace whose gateway it is linked to. */
  readonly cmgRef: ConnectionPointSpecCmgRef;
  /** FQDN of the server. It cannot be changed. */
  readonly siteSystem: string;
  /**
   * Primary is linked to the gateway all the time. A Standby server has the role installed only while a second gateway
   * of the CMG needs one. Default: Primary.
   */
  readonly role: 'Primary' | 'Standby';
  /**
   * What happens on the site when this object is deleted. Delete uninstalls the role if the operator installed it;
   * Retain leaves it linked as it is. Default: Delete.
   */
  readonly deletionPolicy: 'Delete' | 'Retain';
}

/** The CMG in the same namespace whose gateway it is linked to. */
export interface ConnectionPointSpecCmgRef {
  /** Name of the CMG. */
  readonly name: string;
}

/** The Site in the same namespace that the server belongs to. It cannot be changed. */
export interface ConnectionPointSpecSiteRef {
  /** Name of the Site. */
  readonly name: string;
}
