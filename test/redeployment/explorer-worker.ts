import { parentPort, workerData } from 'node:worker_threads';
import { plan } from '../../src/redeployment/planner.ts';
import { explore } from './exploration.ts';
import { SCOPES, type ScopeName } from './scopes.ts';

// A scope in a thread of its own: exploring is nothing but computing.
const { scope }: { scope: ScopeName } = workerData;
parentPort?.postMessage(explore(plan, SCOPES[scope]()));
