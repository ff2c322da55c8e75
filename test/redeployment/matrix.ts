import type { Stage } from '../../src/redeployment/record.ts';

/** The columns of the matrix. */
export type Phase = Stage['phase'];

/** In the order in which a deployment goes through them. */
export const PHASES: readonly Phase[] = ['Provisioning', 'Active', 'Superseded', 'Draining', 'Deleting'];
