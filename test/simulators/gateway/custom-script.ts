import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Dispatcher, request } from 'undici';
import type { JsonObject } from '../../../src/json.ts';
import { objectAt, textAt, textsAt, valueAt } from '../arm/json-path.ts';
import type { ExtensionFailure, ScriptOutput } from '../arm/providers/scale-set-extensions.ts';
import type { TokenAnswer, TokenRequest } from './machine-endpoint.ts';
import { runCommand } from './powershell.ts';
import type { VirtualMachine } from './virtual-machine.ts';

/** How a run of the Custom Script Extension ended. */
export interface ScriptResult {
  readonly failure: ExtensionFailure | undefined;
  /** `undefined` when the command was not run at all. */
  readonly output: ScriptOutput | undefined;
}

/** What a run has of the world around it. */
export interface ScriptParts {
  readonly vm: VirtualMachine;
  readonly token: (request: TokenRequest) => TokenAnswer;
  /** For requests to storage, trusting its certificate. */
  readonly dispatcher: Dispatcher;
  /** Ends the run early. */
  readonly signal: AbortSignal;
}

const STORAGE = 'https://storage.azure.com/';

/** The extension shows the last part of each stream, so long. */
const SHOWN_OUTPUT = 4096;
/** And as much of standard error in its message. */
const SHOWN_ERROR = 256;

/**
 * Runs the extension as Microsoft's does in a Windows VM: downloads the files with a token of the identity that its settings
 * name, runs the command where they are, and tells exit code and output.
 */
export async function runCustomScript(extension: JsonObject, parts: ScriptParts): Promise<ScriptResult> {
  const name = String(extension.name);
  const settings = {
    ...objectAt(extension, 'properties.settings'),
    ...objectAt(extension, 'properties.protectedSettings'),
  };
  const directory = parts.vm.newFolder();
  const refusal = await download(settings, directory, parts);
  if (refusal !== undefined) {
    const message = `Failed to download all specified files. Exiting. Error Message: ${refusal}`;
    return { failure: { kind: 'Failed', extension: name, exitCode: 1, message }, output: undefined };
  }
  const [standardOutput, standardError] = [join(directory, 'stdout'), join(directory, 'stderr')];
  for (const file of [standardOutput, standardError]) writeFileSync(file, '');
  const exitCode = await runCommand(textAt(settings, 'commandToExecute') ?? '', {
    directory,
    standardOutput,
    standardError,
    // Windows would run the script itself; in a simulated VM, Node runs the module of the same name beside it.
    runScript: (script, args) =>
      parts.vm.runProgram(`${script.slice(0, -extname(script).length)}.mjs`, args, {
        directory,
        standardOutput,
        standardError,
        signal: parts.signal,
      }),
  });
  const errors = readFileSync(standardError, 'utf8');
  return {
    failure:
      exitCode === 0
        ? undefined
        : { kind: 'Failed', extension: name, exitCode, message: exitMessage(exitCode, errors) },
    output: {
      extension: name,
      standardOutput: readFileSync(standardOutput, 'utf8').slice(-SHOWN_OUTPUT),
      standardError: errors.slice(-SHOWN_OUTPUT),
    },
  };
}

/** As version 1.10 of the extension writes it, seen in reports of failed deployments. */
function exitMessage(exitCode: number, errors: string): string {
  const shown = errors.length > SHOWN_ERROR ? `${errors.slice(0, SHOWN_ERROR)}...` : errors.trimEnd();
  const output = shown === '' ? '' : ` The command had an error output of: '${shown}'`;
  return `Command execution finished, but failed because it returned a non-zero exit code of: '${exitCode}'.${output} For more information, check the instance view by executing Get-AzVmssVm or Get-AzVm (https://aka.ms/GetAzVm). These commands can be executed using CloudShell (https://aka.ms/CloudShell)`;
}

/** Downloads all files; returns why one could not be had. */
async function download(
  settings: JsonObject,
  directory: string,
  { token, dispatcher, signal }: ScriptParts,
): Promise<string | undefined> {
  const headers: Record<string, string> = { 'x-ms-version': '2021-12-02' };
  if (valueAt(settings, 'managedIdentity') !== undefined) {
    const answer = token({ resource: STORAGE, clientId: textAt(settings, 'managedIdentity.clientId') });
    if (answer.kind === 'Refused') return `The token of the managed identity cannot be had: ${answer.why}.`;
    headers.Authorization = `Bearer ${answer.token}`;
  }
  for (const url of textsAt(settings, 'fileUris')) {
    const { statusCode, body } = await request(url, { headers, dispatcher, signal });
    if (statusCode !== 200) {
      await body.dump();
      return `The remote server returned an error: (${statusCode}) ${REASONS[statusCode] ?? 'Error'}. ${new URL(url).pathname}`;
    }
    await pipeline(body, createWriteStream(join(directory, basename(new URL(url).pathname))));
  }
  return undefined;
}

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  503: 'Service Unavailable',
};
