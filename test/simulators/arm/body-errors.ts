import type { JsonObject } from '../../../src/json.ts';
import type { BodyFault } from './body-judge.ts';
import type { DefinitionSource } from './wire-schema.ts';

/** The refusal of a body, in the form that one resource provider gives it. */
export interface BodyRefusal {
  readonly status: 400;
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly JsonObject[];
}

/**
 * Words faults as the provider of `source` does. Azure stops at the first fault it meets; so does this, though the
 * network provider lists all that it could not parse.
 *
 * @returns `undefined` when there is no fault
 */
export function refusalOfBody(source: DefinitionSource, faults: readonly BodyFault[]): BodyRefusal | undefined {
  const [first] = faults;
  if (first === undefined) return undefined;
  switch (source) {
    case 'network':
      return networkRefusal(first, faults);
    case 'compute':
      return computeRefusal(first);
    case 'storage':
      return storageRefusal(first);
    case 'keyVault':
      return { status: 400, code: first.code ?? 'BadRequest', message: parseMessage(first) };
    case 'identity':
      return { status: 400, code: 'BadRequest', message: parseMessage(first) };
    case 'authorization':
      return {
        status: 400,
        code: 'BadRequestFormat',
        message: `The request was incorrectly formatted. ${parseMessage(first)}`,
      };
    case 'locks':
      return {
        status: 400,
        code: 'InvalidRequestContent',
        message: `The request content was invalid and could not be deserialized: '${parseMessage(first)}'.`,
      };
    default:
      return source satisfies never;
  }
}

function networkRefusal(first: BodyFault, faults: readonly BodyFault[]): BodyRefusal {
  const known = faults.find((fault) => fault.code !== undefined);
  if (known?.code !== undefined && faults.every((fault) => fault.kind === 'value')) {
    return { status: 400, code: known.code, message: known.message, details: [] };
  }
  const details = faults.map((fault) => ({
    code: fault.kind === 'missing' ? 'MissingJsonProperty' : 'InvalidJson',
    message: parseMessage(fault),
  }));
  return {
    status: 400,
    code: 'InvalidRequestFormat',
    message: 'Cannot parse the request.',
    target: first.path,
    details,
  };
}

function computeRefusal(fault: BodyFault): BodyRefusal {
  switch (fault.kind) {
    case 'unknown':
    case 'type':
      return { status: 400, code: 'BadRequest', message: parseMessage(fault), target: `vmss.${fault.path}` };
    case 'missing':
      return {
        status: 400,
        code: 'InvalidParameter',
        message: `Required parameter '${fault.path.replace(/^properties\./, '')}' is missing (null).`,
        target: fault.path.replace(/^properties\./, ''),
      };
    case 'readOnly':
    case 'value':
      return { status: 400, code: 'InvalidParameter', message: fault.message, target: fault.property };
    default:
      return fault.kind satisfies never;
  }
}

function storageRefusal(fault: BodyFault): BodyRefusal {
  if (fault.kind === 'value' || fault.kind === 'missing') {
    const name = fault.path.replace(/^properties\./, '');
    return {
      status: 400,
      code: 'InvalidValuesForRequestParameters',
      message: `Values for request parameters are invalid: ${name}.`,
      target: name,
    };
  }
  return {
    status: 400,
    code: 'InvalidRequestContent',
    message: `The request content was invalid and could not be deserialized: '${parseMessage(fault)}'.`,
  };
}

function parseMessage(fault: BodyFault): string {
  return `${fault.message} Path '${fault.path}'.`;
}
