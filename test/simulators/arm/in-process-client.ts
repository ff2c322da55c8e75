import {
  createHttpHeaders,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
  RestError,
} from '@azure/core-rest-pipeline';
import { sleep } from '../../../src/runtime/clock.ts';
import { type ArmRequest, cleanPath } from './exchange.ts';
import { answerRequest, type Handlers } from './server.ts';

/** Carries requests of Azure's SDK to the simulator without a connection. Faults show as they would over one. */
export function createInProcessClient(
  handlers: Pick<Handlers, 'clock' | 'faults' | 'answer' | 'answered'>,
): HttpClient {
  const { clock, faults } = handlers;
  return {
    sendRequest: async (request) => {
      const url = new URL(request.url);
      const fault = faults.next(request.method, `${url.pathname}${url.search}`);
      if (fault?.kind === 'dropConnection') throw connectionEnded(request);
      if (fault?.kind === 'delay') await sleep(clock, fault.ms);
      const answer = answerRequest(handlers, armRequest(request, url), fault);
      if (fault?.kind === 'applyThenDrop') throw connectionEnded(request);
      if (fault?.kind === 'applyThenSilence') throw timeLimitReached();
      const headers = createHttpHeaders({ Date: new Date(clock.now()).toUTCString(), ...answer.headers });
      const bodyAsText = answer.body === undefined ? '' : JSON.stringify(answer.body);
      return { request, status: answer.status, headers, bodyAsText } satisfies PipelineResponse;
    },
  };
}

function armRequest({ method, headers, body }: PipelineRequest, url: URL): ArmRequest {
  return {
    method,
    path: cleanPath(url.pathname),
    query: url.searchParams,
    headers: headers.toJSON(),
    origin: url.origin,
    text: typeof body === 'string' ? body : '',
  };
}

function connectionEnded(request: PipelineRequest): RestError {
  return new RestError('socket hang up', { code: 'ECONNRESET', request });
}

/** What a client of the SDK throws at the end of its own time limit. */
function timeLimitReached(): Error {
  return Object.assign(new Error('The operation was aborted.'), { name: 'AbortError' });
}
