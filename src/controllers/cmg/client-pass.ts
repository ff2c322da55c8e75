import {
  beginPass,
  type ClientPass,
  countDevice,
  finishPass,
  type PassQuestion,
} from '../../redeployment/client-gate.ts';
import type { Instant } from '../../redeployment/instant.ts';
import { failureAsValue, SiteFailureError } from '../../site/failure.ts';
import { isSiteFailure, type Site, type SiteFailure } from '../../site/site.ts';

/** How one pass over the devices of a site ended. */
export type PassOutcome =
  | {
      readonly kind: 'Counted';
      /** Complete, one for each question, in the order of the questions. */
      readonly passes: readonly ClientPass[];
      /** By the `Date` of the last page that brought devices. */
      readonly endedAt: Instant;
    }
  /** What was read is not evidence: it broke off, the list moved, or an answer does not say when it was true. */
  | { readonly kind: 'Failed'; readonly failure: SiteFailure };

export interface ClientPassOptions {
  readonly signal: AbortSignal;
  /** Told how many devices have been read so far. */
  readonly onDevices?: (devices: number) => void;
}

const UNDATED: SiteFailure = {
  kind: 'InvalidAnswer',
  status: 200,
  message: 'An answer has no Date header, so it is not known when the clients were as it says.',
};

/**
 * Reads all devices of a site once, and counts for every question as they come; nothing of them is kept. All instants are
 * those of the answers. Rejects with the signal's reason, or with an error that is no failure of the site.
 */
export async function readClients(
  site: Pick<Site, 'readDevices'>,
  questions: readonly PassQuestion[],
  { signal, onDevices = () => {} }: ClientPassOptions,
): Promise<PassOutcome> {
  const undated = new AbortController();
  let passes: readonly ClientPass[] | undefined;
  let endedAt: Instant | undefined;
  let devices = 0;
  const answer = await failureAsValue(() =>
    site.readDevices(
      (rows, date) => {
        if (date === undefined) {
          undated.abort(new SiteFailureError(UNDATED));
          return;
        }
        passes ??= questions.map((question) => beginPass(question, date));
        passes = passes.map((pass) => rows.reduce((counted, row) => countDevice(counted, row, date), pass));
        endedAt = date;
        devices += rows.length;
        onDevices(devices);
      },
      { signal: AbortSignal.any([signal, undated.signal]) },
    ),
  );
  signal.throwIfAborted();
  if (isSiteFailure(answer)) return { kind: 'Failed', failure: answer };
  if (answer.value.kind === 'Changed') return { kind: 'Failed', failure: listMoved(answer.date) };
  const { date } = answer;
  if (undated.signal.aborted || date === undefined) return { kind: 'Failed', failure: UNDATED };
  const counted = passes ?? questions.map((question) => beginPass(question, date));
  return { kind: 'Counted', passes: counted.map(finishPass), endedAt: endedAt ?? date };
}

function listMoved(date: Instant | undefined): SiteFailure {
  return {
    kind: 'Conflict',
    status: 200,
    message: 'The list of devices changed while it was read, so that some may have been missed.',
    date,
  };
}
