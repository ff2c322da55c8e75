/** What the control API can turn in the simulated site. Times are simulated seconds. */
export interface Settings {
  /** How long the site takes for a record to go from one state to the next. */
  provisionSeconds: number;
  startSeconds: number;
  stopSeconds: number;
  deleteSeconds: number;
  /** How long content takes to be installed on a distribution point. */
  distributeSeconds: number;
  /** How long a connection point takes to connect to a gateway that runs. It looks once a minute. */
  connectSeconds: number;
  /** Most rows in one answer; more are behind `@odata.nextLink`. */
  pageSize: number;
  /** Requests that one address may send in a second of the machine's time; beyond it, 429. */
  requestsPerSecond: number;
  /** Minutes by which the times of devices are ahead of UTC, though they are written as if they were UTC. */
  timeZoneMinutes: number;
  /** Whether there is a class that says what connection points are connected to: known by its name only. */
  connectorClass: 'Shown' | 'Absent';
  /** Whether instances with arrays of embedded objects can be written: not known of sites. */
  embeddedObjectsInPut: 'Accepted' | 'Refused';
  /** Whether deleting a gateway takes it out of boundary groups: not known of sites. */
  deleteRemovesMembers: boolean;
  /** Whether a record of a gateway can be made over HTTP: not known of sites. */
  registration: 'Accepted' | 'Refused';
}

/** Settings as a simulator begins with. */
export function defaultSettings(): Settings {
  return {
    provisionSeconds: 60,
    startSeconds: 120,
    stopSeconds: 120,
    deleteSeconds: 300,
    distributeSeconds: 1800,
    connectSeconds: 60,
    pageSize: 100_000,
    requestsPerSecond: 200,
    timeZoneMinutes: 0,
    connectorClass: 'Shown',
    embeddedObjectsInPut: 'Accepted',
    deleteRemovesMembers: false,
    registration: 'Accepted',
  };
}
