import type { Dashboard } from './dashboard.ts';
import { FLEET } from './fleet.ts';
import { GATEWAY } from './gateway.ts';
import { OPERATOR } from './operator.ts';

/** Every dashboard that is delivered. */
export const DASHBOARDS: readonly Dashboard[] = [FLEET, GATEWAY, OPERATOR];
