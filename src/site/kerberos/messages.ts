/** What the operator asks the ticket process of a Site. Tokens are in base64, as HTTP carries them. */
export type TicketRequest =
  /** Begins to sign in to a service, such as `HTTP@provider.contoso.com`. */
  | { readonly id: number; readonly kind: 'Begin'; readonly service: string }
  /** Goes on with what the service answered. */
  | { readonly id: number; readonly kind: 'Continue'; readonly exchange: number; readonly token: string };

/** Its answer to the request with this id. */
export type TicketReply =
  | {
      readonly id: number;
      readonly kind: 'Done';
      /** Names what was begun. */
      readonly exchange: number;
      /** What to send; absent: nothing. */
      readonly token?: string;
      /** Whether the service has proven who it is. */
      readonly isComplete: boolean;
    }
  /** As GSSAPI says it. */
  | { readonly id: number; readonly kind: 'Failed'; readonly text: string }
  /** The native module or what it needs is not there. */
  | { readonly id: number; readonly kind: 'ModuleMissing'; readonly text: string };

/** Arguments of the program of the process, in this order. */
export interface TicketProgramArguments {
  /** What to load Kerberos from: the name of the package, or a path. */
  readonly nativeModule: string;
  /** The account, such as `svc-cmg@CONTOSO.COM`. */
  readonly principal: string;
}
