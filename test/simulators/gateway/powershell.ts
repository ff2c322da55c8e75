import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { unzipSync } from 'fflate';

/** What a command works with. */
export interface ScriptContext {
  /** Where the files of the extension are, and the command is run. */
  readonly directory: string;
  /** Files that take what the command writes. */
  readonly standardOutput: string;
  readonly standardError: string;
  /** Runs a script with its arguments, by paths in the directory, and resolves to its exit code. */
  runScript(script: string, args: readonly string[]): Promise<number>;
}

/**
 * Runs a command line of the Custom Script Extension as Windows would, as far as gateways need it: one call of
 * PowerShell with the statements that the operator's command consists of. Any other is refused, as an unknown command is.
 *
 * @returns the exit code
 */
export async function runCommand(commandLine: string, context: ScriptContext): Promise<number> {
  const script = POWERSHELL.exec(commandLine)?.[1];
  if (script === undefined) {
    const [program = ''] = commandLine.split(/\s/);
    return fail(
      context,
      `'${program}' is not recognized as an internal or external command,\noperable program or batch file.`,
    );
  }
  const session: Session = { lastExitCode: 0 };
  for (const statement of statementsOf(script)) {
    const outcome = await run(statement, context, session);
    if (outcome !== undefined) return outcome;
  }
  return 0;
}

const POWERSHELL = /^powershell(?:\.exe)? -NoProfile -NonInteractive -ExecutionPolicy Bypass -Command "([^"]*)"$/i;

interface Session {
  lastExitCode: number;
}

/** Carries a statement out; a number ends the script. */
type Statement = (
  parts: readonly string[],
  context: ScriptContext,
  session: Session,
) => Promise<number | undefined> | number | undefined;

const FILE = String.raw`(?:\./)?([\w.-]+(?:/[\w.-]+)*)`;

/** The statements that are known, with what is done for each. */
const STATEMENTS: readonly (readonly [pattern: RegExp, carryOut: Statement])[] = [
  [/^\$ErrorActionPreference = 'Stop'$/i, () => undefined],
  [
    new RegExp(
      String.raw`^if \(\(Get-FileHash ${FILE} -Algorithm SHA256\)\.Hash -ne '([0-9a-f]+)'\) \{ throw '([^']*)' \}$`,
      'i',
    ),
    throwUnlessHash,
  ],
  [new RegExp(`^Expand-Archive -Force ${FILE} ${FILE}$`, 'i'), expandArchive],
  [
    new RegExp(
      String.raw`^try \{ & ${FILE} -SettingsFile ${FILE} \} finally \{ if \(Test-Path ${FILE}\) \{ Get-Content ${FILE} -Encoding UTF8 \} \}$`,
      'i',
    ),
    runSetup,
  ],
  [/^exit \$LASTEXITCODE$/i, (_parts, _context, { lastExitCode }) => lastExitCode],
];

/** Takes a script apart at the semicolons that stand neither in braces nor in quotes. */
function statementsOf(script: string): string[] {
  const statements = [''];
  let depth = 0;
  let quoted = false;
  for (const character of script) {
    if (character === "'") quoted = !quoted;
    if (!quoted && character === '{') depth += 1;
    if (!quoted && character === '}') depth -= 1;
    if (character === ';' && depth === 0 && !quoted) statements.push('');
    else statements[statements.length - 1] += character;
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

async function run(statement: string, context: ScriptContext, session: Session): Promise<number | undefined> {
  for (const [pattern, carryOut] of STATEMENTS) {
    const [matched, ...parts] = pattern.exec(statement) ?? [];
    if (matched === undefined) continue;
    try {
      return await carryOut(parts, context, session);
    } catch (error) {
      return fail(context, `${(error as Error).message}\n    + FullyQualifiedErrorId : ${statement.slice(0, 80)}`);
    }
  }
  const [name = ''] = statement.split(/\s/);
  return fail(
    context,
    `${name} : The term '${name}' is not recognized as the name of a cmdlet, function, script file, or operable program.\n    + FullyQualifiedErrorId : CommandNotFoundException`,
  );
}

/** An error that ends a script makes PowerShell exit with 1. */
function fail(context: ScriptContext, message: string): number {
  appendFileSync(context.standardError, `${message}\n`);
  return 1;
}

function throwUnlessHash([file = '', hash = '', message = '']: readonly string[], context: ScriptContext): undefined {
  const content = readFileSync(existing(context, file));
  const actual = createHash('sha256').update(content).digest('hex');
  if (actual !== hash.toLowerCase()) throw new Error(message);
}

function expandArchive([archive = '', destination = '']: readonly string[], context: ScriptContext): undefined {
  const target = join(context.directory, destination);
  for (const [name, content] of Object.entries(unzipSync(readFileSync(existing(context, archive))))) {
    const path = resolve(target, name);
    if (!path.startsWith(`${target}${sep}`)) throw new Error(`The archive has an entry outside of it: ${name}.`);
    if (name.endsWith('/')) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

async function runSetup(
  [script = '', settings = '', tested = '', shown = '']: readonly string[],
  context: ScriptContext,
  session: Session,
): Promise<undefined> {
  try {
    session.lastExitCode = await context.runScript(existing(context, script), ['--SettingsFile', settings]);
  } finally {
    if (existsSync(join(context.directory, tested))) {
      appendFileSync(context.standardOutput, `${readFileSync(existing(context, shown), 'utf8').trimEnd()}\n`);
    }
  }
}

function existing({ directory }: ScriptContext, file: string): string {
  const path = join(directory, file);
  if (existsSync(path)) return path;
  throw new Error(`Cannot find path '${file}' because it does not exist.`);
}
