import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import { parse, stringify } from 'yaml';
import { startTlsServer } from '../simulators/tls-server.ts';

/** What becomes of a request on its way to the API server. */
export type Passage =
  /** It arrives, and its answer comes back. */
  | 'Whole'
  /** The way is cut before it arrives. */
  | 'CutBefore'
  /** It is carried out, and the way is cut before its answer comes back. */
  | 'CutAfter';

/** A way to the API server that can be cut in one moment, as the end of a process cuts it. */
export interface ApiServerWay {
  /** YAML of the kubeconfig, by this way. */
  readonly kubeconfig: string;
  cut(): Promise<void>;
}

export interface ApiServerWayOptions {
  /** YAML, with a token. */
  readonly kubeconfig: string;
  /** Asked about every request. */
  readonly passage: (method: string, path: string) => Passage;
  /** Told that a request has cut the way. */
  readonly onCut: () => void;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: ClusterAddress }[];
}

interface ClusterAddress {
  readonly server: string;
  readonly 'certificate-authority-data': string;
}

/** Opens a way, over a TLS server on 127.0.0.1. */
export async function openApiServerWay({ kubeconfig, passage, onCut }: ApiServerWayOptions): Promise<ApiServerWay> {
  const config = parse(kubeconfig) as Kubeconfig;
  const [entry] = config.clusters;
  if (entry === undefined) throw new Error('The kubeconfig names no cluster.');
  const ca = Buffer.from(entry.cluster['certificate-authority-data'], 'base64');
  const agent = new Agent({ ca, keepAlive: true });
  let isCut = false;
  const cut = async () => {
    if (isCut) return;
    isCut = true;
    agent.destroy();
    await server.close();
  };
  const end = () => {
    if (isCut) return;
    void cut();
    onCut();
  };
  const pass = (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = 'GET', url = '/', headers } = incoming;
    const how = isCut ? 'CutBefore' : passage(method, url.split('?')[0] ?? '');
    if (how === 'CutBefore') {
      incoming.socket.destroy();
      end();
      return;
    }
    const onward = request(`${entry.cluster.server}${url}`, { agent, method, headers }, (answer) => {
      if (how === 'CutAfter') {
        end();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    response.on('error', () => onward.destroy());
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };
  const server = await startTlsServer('Way to the API server', 0, pass);
  const cluster = {
    server: `https://127.0.0.1:${server.port}`,
    'certificate-authority-data': Buffer.from(server.caPem).toString('base64'),
  };
  return { kubeconfig: stringify({ ...config, clusters: [{ ...entry, cluster }] }), cut };
}
