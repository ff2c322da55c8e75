import { it } from 'vitest';
import { killInDeleteFirst, loseClusterInDeleteFirst, setBackInDeleteFirst } from './delete-first-history.ts';
import { killAtWrites } from './killed-operator-history.ts';
import { loseClusterInEachPhase } from './lost-cluster-history.ts';
import { setBackBeforeDeletion, setBackInDeletion } from './rollback-history.ts';
import { type SiteSuite, siteSuite } from './site-suite.ts';

/** Whole redeployments, with clients whose contact is watched from the first moment to the last. */
const HISTORIES: readonly (readonly [string, (suite: SiteSuite) => Promise<void>])[] = [
  ['set back while the new gateway is built, while both serve, and while the old one drains', setBackBeforeDeletion],
  ['set back while the old gateway is being deleted', setBackInDeletion],
  ['whose cluster is lost in each of its phases', loseClusterInEachPhase],
  ['whose operators die at writes to Azure, to the site and to the API server', killAtWrites],
  ['under the same name, set back in each of its phases,', setBackInDeleteFirst],
  ['under the same name, whose cluster is lost in each of its phases,', loseClusterInDeleteFirst],
  [
    'under the same name, whose operators die at writes to Azure, to the site and to the API server,',
    killInDeleteFirst,
  ],
];

/** All of them in CI. Elsewhere one, another one each day, as each goes through days with thousands of requests in each. */
const areAllLived = process.env.CI === 'true' || process.env.REDEPLOYMENT_HISTORIES === 'all';
const TODAY = Math.floor(Date.now() / 86_400_000) % HISTORIES.length;

const suite = siteSuite();

it.each(HISTORIES.filter((_, at) => areAllLived || at === TODAY))(
  'a redeployment %s comes to what was wanted, and no client is cut off without a word',
  { timeout: 1_800_000 },
  (_name, live) => live(suite),
);
