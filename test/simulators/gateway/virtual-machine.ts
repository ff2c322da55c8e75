import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SupervisedProcess, startSupervised } from '../../cluster/supervised-process.ts';
import type { MachineEndpoint, MachineInside, OpenAddress, Service } from './machine-endpoint.ts';

/** A VM as a folder and the processes that run in it. None of them outlives this process. */
export interface VirtualMachine {
  readonly isOn: boolean;
  /** Port of 127.0.0.1 at which a program answers for a port of the VM; `undefined` when none listens there. */
  localPort(port: number): number | undefined;
  /** Process ids of what runs in it. */
  pids(): readonly number[];
  /** Switches it on, and starts its services. */
  start(): void;
  /** Kills all that runs in it. Services start again with it. */
  stop(): void;
  /** Puts `LocalMachine\My` in place: PFX files by the SHA-256 of their certificate. */
  installCertificates(certificates: ReadonlyMap<string, Uint8Array>): void;
  /** Stops it and takes away what has been installed in it: it is as new. */
  renew(): void;
  /** Makes an empty folder for a run of an extension. */
  newFolder(): string;
  /** Runs a program for Node and resolves to its exit code: -1 when it was killed, as `signal` in the run does. */
  runProgram(program: string, args: readonly string[], run: ProgramRun): Promise<number>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

export interface ProgramRun {
  readonly directory: string;
  /** Files to append to. */
  readonly standardOutput: string;
  readonly standardError: string;
  readonly signal: AbortSignal;
}

export interface VirtualMachineParts {
  /** Does not exist yet. */
  readonly directory: string;
  readonly endpoint: MachineEndpoint;
  /** What programs have in their environment beside what the VM itself gives them. */
  readonly environment: Readonly<Record<string, string>>;
  readonly token: MachineInside['token'];
  readonly size: MachineInside['size'];
  /** Called when a port of the VM opens or closes. */
  readonly onPorts: () => void;
}

const LOG_TAIL = 1000;

/** A VM that is switched off, with nothing installed. */
export function createVirtualMachine(parts: VirtualMachineParts): VirtualMachine {
  const { directory, endpoint, onPorts } = parts;
  const store = join(directory, 'certificates');
  const services = new Map<string, Service>();
  const running = new Set<SupervisedProcess>();
  const servicesRunning = new Map<string, SupervisedProcess>();
  const ports = new Map<number, number>();
  const portListeners = new Set<() => void>();
  let address: OpenAddress | undefined;
  let folders = 0;
  mkdirSync(directory, { recursive: true });

  const portsChanged = () => {
    for (const listener of portListeners) listener();
    onPorts();
  };

  const launch = (program: string, args: readonly string[], output: number, errorOutput: number, cwd: string) => {
    if (address === undefined) throw new Error('The VM is switched off.');
    const child = startSupervised(process.execPath, [program, ...args], {
      cwd,
      env: { ...parts.environment, CERTIFICATE_STORE: store, MACHINE_ENDPOINT: address.url },
      output,
      errorOutput,
    });
    running.add(child);
    void child.exited.then(() => running.delete(child));
    return child;
  };

  const launchService = (service: Service): SupervisedProcess => {
    const log = openSync(logOf(service.name), 'a');
    const child = launch(service.program, service.args, log, log, directory);
    closeSync(log);
    servicesRunning.set(service.name, child);
    void child.exited.then(() => {
      if (servicesRunning.get(service.name) !== child) return;
      servicesRunning.delete(service.name);
      ports.clear();
      portsChanged();
    });
    return child;
  };
  const logOf = (service: string) => join(directory, `${service}.log`);

  const inside: MachineInside = {
    token: parts.token,
    size: parts.size,
    announcePort: (port, localPort) => {
      ports.set(port, localPort);
      portsChanged();
    },
    startService: async (service, awaited) => {
      const earlier = servicesRunning.get(service.name);
      servicesRunning.delete(service.name);
      await earlier?.kill();
      ports.clear();
      services.set(service.name, service);
      const child = launchService(service);
      const listening = Promise.withResolvers<void>();
      const look = () => {
        if (awaited.every((port) => ports.has(port))) listening.resolve();
      };
      portListeners.add(look);
      look();
      const ended = child.exited.then(({ code, signal }) => {
        const tail = readFileSync(logOf(service.name), 'utf8').slice(-LOG_TAIL);
        throw new Error(`The service ${service.name} has ended (${signal ?? code}): ${tail}`);
      });
      try {
        await Promise.race([listening.promise, ended]);
      } finally {
        portListeners.delete(look);
        ended.catch(() => {});
      }
    },
  };

  const stop = () => {
    address?.close();
    address = undefined;
    servicesRunning.clear();
    for (const child of running) void child.kill();
    ports.clear();
    onPorts();
  };

  return {
    get isOn() {
      return address !== undefined;
    },
    localPort: (port) => ports.get(port),
    pids: () => [...running].map(({ pid }) => pid),
    start: () => {
      if (address !== undefined) return;
      address = endpoint.open(inside);
      for (const service of services.values()) launchService(service);
    },
    stop,
    installCertificates: (certificates) => {
      rmSync(store, { recursive: true, force: true });
      const personal = join(store, 'LocalMachine', 'My');
      mkdirSync(personal, { recursive: true });
      for (const [sha256, pfx] of certificates) writeFileSync(join(personal, `${sha256}.pfx`), pfx, { mode: 0o600 });
    },
    renew: () => {
      stop();
      services.clear();
    },
    newFolder: () => {
      const folder = join(directory, 'Downloads', String(folders++));
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    runProgram: async (program, args, { directory: cwd, standardOutput, standardError, signal }) => {
      const [output, errorOutput] = [openSync(standardOutput, 'a'), openSync(standardError, 'a')];
      const child = launch(program, args, output, errorOutput, cwd);
      closeSync(output);
      closeSync(errorOutput);
      const kill = () => void child.kill();
      signal.addEventListener('abort', kill);
      const { code } = await child.exited;
      signal.removeEventListener('abort', kill);
      return code ?? -1;
    },
    remove: async () => {
      const ending = [...running].map(({ exited }) => exited);
      stop();
      await Promise.all(ending);
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
