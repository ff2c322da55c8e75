import { type DestinationStream, type LoggerOptions, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import type { LogFields, Logger } from '../runtime/logger.ts';
import { redactFields, redactText } from './redaction.ts';

/** Least severe level that is written. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** How lines are written: one JSON object each, or text for people at a terminal. */
export type LogFormat = 'json' | 'text';

/** How to log. */
export interface LoggingOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Standard output by default. */
  readonly destination?: DestinationStream;
}

/**
 * The process's logger, on pino. Every field and message passes the redaction, however deep a secret is buried and
 * whoever logs it. Times are RFC 3339; levels are words.
 */
export function createLogger({ level, format, destination = process.stdout }: LoggingOptions): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    // Errors are plain fields by the time pino sees them.
    serializers: { err: (fields) => fields },
  };
  return redacting(pino(options, format === 'text' ? textStream(destination) : destination));
}

function redacting(target: PinoLogger): Logger {
  const write = (level: LogLevel) => (fields: LogFields, message: string) => {
    if (target.isLevelEnabled(level)) target[level](redactFields(fields), redactText(message));
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => redacting(target.child(redactFields(fields))),
  };
}

/** Turns JSON lines into `TIME LEVEL message name=value …`. */
function textStream(destination: DestinationStream): DestinationStream {
  return {
    write: (line) => {
      const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
      const pairs = Object.entries(fields).map(([name, value]) => `${name}=${textOf(value)}`);
      destination.write(`${[time, String(level).toUpperCase().padEnd(5), msg, ...pairs].join(' ')}\n`);
    },
  };
}

function textOf(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value;
  return JSON.stringify(value);
}
