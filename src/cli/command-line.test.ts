import { describe, expect, test } from 'vitest';
import { HELP, readCommandLine } from './command-line.ts';

describe('the command line', () => {
  test('names files and where to look', () => {
    const args = 'plan -f a.yaml --filename - -n gateways --context lab --kubeconfig k --field-manager me';
    expect(readCommandLine([...args.split(' '), '-o', 'json', '--detailed-exitcode'])).toEqual({
      kind: 'Plan',
      options: { files: ['a.yaml', '-'], namespace: 'gateways', context: 'lab', kubeconfig: 'k', fieldManager: 'me' },
      output: 'json',
      detailedExitCode: true,
    });
  });

  test('may leave out all but a file', () => {
    expect(readCommandLine(['plan', '-f', 'a.yaml'])).toEqual({
      kind: 'Plan',
      options: { files: ['a.yaml'] },
      output: 'text',
      detailedExitCode: false,
    });
  });

  test.each([[[]], [['--help']], [['plan', '-h']]])('%j asks for help', (args) => {
    expect(readCommandLine(args)).toEqual({ kind: 'Help' });
  });

  test('asks for the version', () => {
    expect(readCommandLine(['--version'])).toEqual({ kind: 'Version' });
  });

  test.each([
    ['plan', 'No file is given: name one with -f, or - for the standard input.'],
    ['plan a.yaml', 'a.yaml is more than plan takes. Files are named with -f.'],
    ['plan -f - -f -', 'The standard input can be read only once.'],
    ['plan -f a.yaml -o yaml', '--output yaml is neither text nor json.'],
    ['-f a.yaml', 'No command is given. There is one: plan.'],
    ['explode -f a.yaml', 'There is no command explode.'],
    ['plan --force', "Unknown option '--force'"],
  ])('%s is refused', (line, problem) => {
    const read = readCommandLine(line.split(' '));
    expect(read.kind === 'Invalid' && read.problem).toContain(problem);
  });

  test('has help that names every flag in lines that a terminal can show', () => {
    for (const name of ['--filename', '--namespace', '--kubeconfig', '--context', '--field-manager', '--output']) {
      expect(HELP).toContain(name);
    }
    expect(HELP.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });
});
