import type { ArmCredential } from '../../azure/credentials.ts';
import type { ResourceKey } from '../../azure/desired-resource.ts';
import type { ArmError } from '../../azure/errors.ts';
import type { ResourceState } from '../../azure/resource-plan.ts';
import type { CertificateReading, UnreadableCertificate } from '../../certificates/server-certificate.ts';
import type { GatewayInstance } from '../../gateway/instances.ts';
import type { KeptSettings } from '../../gateway/kept-gateway.ts';
import type { AzureProblem } from './azure-problem.ts';

/** A resource as it was last seen, and when by the operator's clock (milliseconds since the epoch). */
export interface Observation {
  readonly state: ResourceState;
  readonly at: number;
}

/** A request that Azure refused, or an accepted one that failed later: it is not made again before `notBefore`. */
export interface Failure {
  readonly during: 'Read' | 'Write';
  readonly error: ArmError;
  readonly attempt: number;
  readonly notBefore: number;
  /** Azure has accepted another try, whose outcome is not known yet. The attempts go on being counted. */
  readonly retrying?: boolean;
}

/** Accepted writes of one resource that did not make it as declared. */
export interface RepeatedWrite {
  /** What was to be set right. */
  readonly purpose: string;
  readonly count: number;
  /** The same is not written again before this. */
  readonly notBefore: number;
}

/** The outcome of reading a server certificate, without its key. */
export interface CertificateMemory {
  /** Tells one content of the Secret, and of the fields that say how to read it, from another. */
  readonly fingerprint: string;
  readonly reading: Omit<Extract<CertificateReading, { kind: 'Readable' }>, 'privateKey'> | UnreadableCertificate;
}

/** The files of the setup as the storage account had them, or why they could not be brought there. */
export type SetupFilesMemory =
  | {
      readonly kind: 'Stored';
      /** Addresses of the blobs: files of another content have others. */
      readonly key: string;
      /** When they were seen, by the operator's clock. */
      readonly at: number;
    }
  | {
      readonly kind: 'Missing';
      readonly key: string;
      readonly problem: AzureProblem;
      readonly attempt: number;
      /** Not tried again before this, by the operator's clock, unless the Secret of the download changes. */
      readonly notBefore: number;
      /** Tells one content of that Secret from another without showing it. */
      readonly secretFingerprint: string;
    };

/**
 * What the controller remembers of one CMG between reconciles. It only saves requests: a new process starts without it
 * and comes to the same decisions after looking at Azure again.
 */
export interface GatewayMemory {
  /** `metadata.generation` that this memory belongs to; an edited spec is tried at once, whatever failed before. */
  generation: number;
  /** Value of the annotation by which a person has asked for a look at everything. */
  readonly requestedAt: string | undefined;
  /** By ARM id. */
  readonly observations: Map<string, Observation>;
  /** ARM ids of what was to be made, as Azure had nothing there: below it is only what was made since. */
  readonly made: Set<string>;
  readonly failures: Map<ResourceKey, Failure>;
  /** Of resources that have not been seen as declared since they were written. */
  readonly written: Map<ResourceKey, RepeatedWrite>;
  /** When each running operation may be polled next, by the operator's clock. */
  readonly pollAt: Map<ResourceKey, number>;
  /** The mark that its tags were last seen to have as it was due then; `undefined`: not seen since the process began. */
  mark: string | undefined;
  /** Generation whose preflight has passed; asked anew once the gateway has been complete. */
  preflightPassed: number | undefined;
  /** As whom Azure was used the last time. Others may have other rights, so that failures of before do not count. */
  credential: ArmCredential | undefined;
  /** Since when Azure has throttled a look at the gateway each time, by the operator's clock. */
  throttledSince: number | undefined;
  /** Tries in a row to sign in or to check the prerequisites that came to nothing, as Azure did not answer. */
  accessAttempts: number;
  /** The VMs as last seen. */
  instances: { readonly seen: readonly GatewayInstance[]; readonly at: number } | undefined;
  /** Why the VMs could not be read the last time, and when they are tried again. */
  instancesUnread: { readonly error: ArmError; readonly attempt: number; readonly notBefore: number } | undefined;
  /** Since when not every VM has served with the newest model. */
  unsettledSince: number | undefined;
  /** Since when a VM has been without service that a rollout has brought to the newest model. */
  rolloutBrokenSince: number | undefined;
  /** With which address, certificate and ports the gateway was found right by connecting to it, and when. */
  probed: { readonly key: string; readonly at: number } | undefined;
  /** What the Secret of the server certificate was read as, so that it is not parsed again as long as it is the same. */
  serverCertificate: CertificateMemory | undefined;
  /** How the last look for the files of the setup in the storage account ended. */
  setupFiles: SetupFilesMemory | undefined;
  /** The settings of the VMs of a gateway that is only kept up, or that they could not be read, and when that was tried. */
  keptSettings: { readonly sha256: string; readonly kept: KeptSettings | undefined; readonly at: number } | undefined;
  /** Since when Azure has been purging the deleted vault of a gateway that is gone, by the operator's clock. */
  vaultPurgedAt: number | undefined;
  /** Whether nothing is left of the gateway in Azure, after its removal. */
  isRemoved: boolean;
}

/** The memories of all CMGs, by UID, so that a new object of an old name starts afresh. */
export interface GatewayMemories {
  /**
   * @param requestedAt value of the annotation by which a person asks for a look at everything; another value than the last
   * has everything read and tried anew
   */
  of(uid: string, generation: number, requestedAt?: string): GatewayMemory;
  /** Goes on with a memory under another uid. */
  rename(from: string, to: string): void;
  /** Forgets the memory of a uid, and those whose uid begins with it and a space. */
  forget(uid: string): void;
}

export function createGatewayMemories(): GatewayMemories {
  const memories = new Map<string, GatewayMemory>();
  return {
    of: (uid, generation, requestedAt) => {
      const known = memories.get(uid);
      if (known !== undefined && known.requestedAt === requestedAt) {
        if (known.generation !== generation) {
          known.generation = generation;
          known.failures.clear();
          known.instancesUnread = undefined;
          known.written.clear();
          known.setupFiles = undefined;
        }
        return known;
      }
      const fresh: GatewayMemory = {
        generation,
        requestedAt,
        observations: new Map(),
        made: new Set(),
        failures: new Map(),
        written: new Map(),
        pollAt: new Map(),
        mark: undefined,
        preflightPassed: undefined,
        credential: undefined,
        throttledSince: undefined,
        accessAttempts: 0,
        instances: undefined,
        instancesUnread: undefined,
        unsettledSince: undefined,
        rolloutBrokenSince: undefined,
        probed: undefined,
        serverCertificate: undefined,
        setupFiles: undefined,
        keptSettings: undefined,
        vaultPurgedAt: undefined,
        isRemoved: false,
      };
      memories.set(uid, fresh);
      return fresh;
    },
    rename: (from, to) => {
      const memory = memories.get(from);
      if (memory !== undefined) {
        memories.set(to, memory);
        memories.delete(from);
      }
    },
    forget: (uid) => {
      for (const key of [...memories.keys()].filter((each) => each === uid || each.startsWith(`${uid} `))) {
        memories.delete(key);
      }
    },
  };
}
