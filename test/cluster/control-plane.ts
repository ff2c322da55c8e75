import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { type ApiClient, type ApiConnection, createApiClient, waitFor } from './api-client.ts';
import { type Binaries, findBinaries } from './binaries.ts';
import { createClusterAuthority, createSigningKey, type PemPair } from './certificates.ts';
import { type Component, type ComponentSpec, PortTakenError, startComponent } from './component.ts';
import { apiServerArgs, controllerManagerArgs, etcdArgs, type Layout, type Ports } from './flags.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { createNamespace } from './namespaces.ts';
import { freePorts } from './ports.ts';
import type { Progress } from './progress.ts';
import { makeTemporaryDirectory, removeTemporaryDirectory } from './temporary-directory.ts';

const PORT_ATTEMPTS = 5;

export interface ControlPlaneOptions {
  /** Default: the machine's clock. Used for polls and limits only; the servers have their own. */
  readonly clock?: Clock;
  /** Told about long steps, which is to say about building the servers on a new machine. */
  readonly progress?: Progress;
  /**
   * Also start kube-controller-manager, with garbage collection, namespace deletion, service accounts and Deployments
   * (their pods stay Pending: there is no kubelet). Default false.
   */
  readonly controllerManager?: boolean;
  /** Added to kube-apiserver's flags; a flag given here wins over ours. Example: `--min-request-timeout=1`. */
  readonly apiServerFlags?: readonly string[];
  /** Another kube-apiserver to run. Default: the pinned one. */
  readonly apiServerProgram?: string;
  /** Aborting it while the control plane starts ends everything that was started. */
  readonly signal?: AbortSignal;
}

/** A real etcd and kube-apiserver on 127.0.0.1, empty, for tests and the demo. */
export interface ControlPlane {
  /** YAML of a kubeconfig for an administrator (group `system:masters`). */
  readonly kubeconfig: string;
  /** A file with `kubeconfig`, readable by this user only. */
  readonly kubeconfigPath: string;
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  readonly caPem: string;
  readonly kubectlPath: string;
  /** Holds the servers' log files (`<name>.log`); removed by `stop`. */
  readonly directory: string;
  readonly etcd: Component;
  readonly apiServer: Component;
  readonly controllerManager?: Component;
  /** Requests as the administrator. */
  readonly api: ApiClient;
  /** YAML of a kubeconfig for any user and groups, by a client certificate; for tests of access rights. */
  clientKubeconfig(identity: { readonly user: string; readonly groups?: readonly string[] }): Promise<string>;
  /** Makes a namespace with a name that nobody else uses, and returns the name. */
  createNamespace(prefix?: string): Promise<string>;
  /** Ends all servers and removes all files. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a control plane and waits until it serves requests and its own namespaces exist. Takes two to three seconds,
 * or about five minutes the first time on a machine where the servers have to be built.
 *
 * The servers end with this process, however it ends.
 *
 * @throws Error that says which step failed and why, with the last lines of the server's log
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await findBinaries({
    controllerManager: options.controllerManager ?? false,
    ...(options.progress === undefined ? {} : { progress: options.progress }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  for (let attempt = 1; ; attempt++) {
    try {
      return await startWith(binaries, options);
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function startWith(binaries: Binaries, options: ControlPlaneOptions): Promise<ControlPlane> {
  const directory = makeTemporaryDirectory();
  const components: Component[] = [];
  const clients: ApiClient[] = [];
  // For programs that exit without a stop, as vitest does on Ctrl-C. Only what is synchronous is done then: the signals.
  const onExit = () => {
    for (const component of components) void component.kill();
    removeTemporaryDirectory(directory);
  };
  process.once('exit', onExit);
  const stop = async () => {
    process.removeListener('exit', onExit);
    // Their data goes too, so there is nothing that a gentler end would save. The last one started goes first.
    for (const component of components.splice(0).reverse()) await component.kill();
    for (const client of clients.splice(0)) await client.close();
    removeTemporaryDirectory(directory);
  };
  const start = async (spec: ComponentSpec) => {
    const component = await startComponent(spec, options.clock ?? systemClock, options.signal);
    components.push(component);
    return component;
  };
  try {
    const [etcdClient = 0, etcdPeer = 0, apiServer = 0, controllerManager = 0] = await freePorts(4);
    return await startParts({
      binaries,
      options,
      ports: { etcdClient, etcdPeer, apiServer, controllerManager },
      directory,
      start,
      openClient: (connection) => {
        const client = createApiClient(connection);
        clients.push(client);
        return client;
      },
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Parts {
  readonly binaries: Binaries;
  readonly options: ControlPlaneOptions;
  readonly ports: Ports;
  readonly directory: string;
  readonly start: (spec: ComponentSpec) => Promise<Component>;
  readonly openClient: typeof createApiClient;
  readonly stop: () => Promise<void>;
}

const ADMINISTRATOR = 'admin';

async function startParts(parts: Parts): Promise<ControlPlane> {
  const { binaries, directory } = parts;
  const authority = await createClusterAuthority();
  const server = `https://127.0.0.1:${parts.ports.apiServer}`;
  const token = randomUUID();
  const connection: ApiConnection = { server, caPem: authority.caPem, credentials: { token } };
  const kubeconfig = kubeconfigOf(connection, ADMINISTRATOR);
  const layout = writeLayout(directory, {
    caPem: authority.caPem,
    serving: await authority.issueServer(),
    signing: await createSigningKey(),
    tokens: `${token},${ADMINISTRATOR},${ADMINISTRATOR},system:masters\n`,
    kubeconfig,
  });
  const api = parts.openClient(connection);
  const servers = await startServers(parts, layout, connection, api);
  return {
    kubeconfig,
    kubeconfigPath: layout.kubeconfig,
    server,
    caPem: authority.caPem,
    kubectlPath: binaries.kubectl,
    directory,
    ...servers,
    api,
    clientKubeconfig: async ({ user, groups = [] }) =>
      kubeconfigOf({ ...connection, credentials: await authority.issueClient(user, groups) }, user),
    createNamespace: (prefix) => createNamespace(api, prefix),
    stop: parts.stop,
  };
}

async function startServers(parts: Parts, layout: Layout, connection: ApiConnection, api: ApiClient) {
  const { binaries, ports, options, start } = parts;
  const logPath = (name: string) => join(parts.directory, `${name}.log`);
  const etcd = await start({
    name: 'etcd',
    command: binaries.etcd,
    args: etcdArgs(layout, ports),
    logPath: logPath('etcd'),
    isReady: async () => (await fetch(`http://127.0.0.1:${ports.etcdClient}/health`)).ok,
  });
  const apiServer = await start({
    name: 'kube-apiserver',
    command: options.apiServerProgram ?? binaries.kubeApiServer,
    args: [...apiServerArgs(layout, ports), ...(options.apiServerFlags ?? [])],
    logPath: logPath('kube-apiserver'),
    isReady: async () => (await api.send('GET', '/readyz')).status === 200,
  });
  await untilSystemNamespaces(api);
  if (binaries.kubeControllerManager === undefined) return { etcd, apiServer };
  const health = parts.openClient({ ...connection, server: `https://127.0.0.1:${ports.controllerManager}` });
  const controllerManager = await start({
    name: 'kube-controller-manager',
    command: binaries.kubeControllerManager,
    args: controllerManagerArgs(layout, ports),
    logPath: logPath('kube-controller-manager'),
    isReady: async () => (await health.send('GET', '/healthz')).status === 200,
  });
  return { etcd, apiServer, controllerManager };
}

/** The API server makes its own namespaces a moment after it is ready; programs may count on them. */
async function untilSystemNamespaces(api: ApiClient): Promise<void> {
  for (const name of ['default', 'kube-system']) {
    await waitFor(`namespace ${name}`, async () =>
      (await api.send('GET', `/api/v1/namespaces/${name}`)).status === 200 ? true : undefined,
    );
  }
}

interface Contents {
  readonly caPem: string;
  readonly serving: PemPair;
  readonly signing: PemPair;
  /** Bearer tokens and whom each stands for, as CSV: token, user, UID, groups. */
  readonly tokens: string;
  readonly kubeconfig: string;
}

function writeLayout(directory: string, contents: Contents): Layout {
  const write = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const etcdData = join(directory, 'etcd');
  mkdirSync(etcdData, { mode: 0o700 });
  return {
    etcdData,
    scratch: directory,
    ca: write('ca.crt', contents.caPem),
    servingCert: write('server.crt', contents.serving.certPem),
    servingKey: write('server.key', contents.serving.keyPem),
    signingPublicKey: write('service-accounts.pub', contents.signing.certPem),
    signingKey: write('service-accounts.key', contents.signing.keyPem),
    tokens: write('tokens.csv', contents.tokens),
    kubeconfig: write('kubeconfig.yaml', contents.kubeconfig),
  };
}
