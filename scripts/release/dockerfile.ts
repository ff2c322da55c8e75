/** One instruction of a Dockerfile, in upper case, with the rest of its line. */
export interface Instruction {
  readonly name: string;
  /** Continued lines are joined by a space. */
  readonly value: string;
}

/** What stands between one `FROM` and the next. */
export interface Stage {
  readonly base: string;
  /** The name after `AS`; `undefined` where there is none. */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** A file that a stage copies. */
export interface CopiedFile {
  /** The stage that it comes from; `undefined`: the checkout. */
  readonly from: string | undefined;
  readonly source: string;
  /** Absolute path in the image. */
  readonly target: string;
}

/**
 * The stages of a Dockerfile. Reads what our own file uses: comments, continued lines, `FROM … AS …`.
 *
 * @throws Error where an instruction stands before the first `FROM`, but `ARG`
 */
export function readStages(dockerfile: string): readonly Stage[] {
  const stages: { base: string; name: string | undefined; instructions: Instruction[] }[] = [];
  const lines = dockerfile
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  for (const line of lines.filter((text) => text.trim() !== '')) {
    const [, name = '', value = ''] = /^\s*(\w+)\s+(.*)$/.exec(line) ?? [];
    const last = stages.at(-1);
    if (name === 'FROM') {
      const [, base = value, stage] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(value) ?? [];
      stages.push({ base, name: stage, instructions: [] });
    } else if (last !== undefined) {
      last.instructions.push({ name: name.toUpperCase(), value: value.replaceAll(/\s+/g, ' ').trim() });
    } else if (name !== 'ARG') {
      throw new Error(`the Dockerfile has ${name} before its first FROM`);
    }
  }
  return stages;
}

/** The values of all instructions of one name. */
export function valuesOf(stage: Stage, name: string): readonly string[] {
  return stage.instructions.filter((instruction) => instruction.name === name).map(({ value }) => value);
}

/**
 * The files that a stage copies one by one to absolute paths.
 *
 * @throws Error for a `COPY` of several files or to a relative path
 */
export function copiedFiles(stage: Stage): readonly CopiedFile[] {
  return valuesOf(stage, 'COPY').map((value) => {
    const [, from, source = '', target = ''] = /^(?:--from=(\S+) )?(\S+) (\/\S+)$/.exec(value) ?? [];
    if (source === '')
      throw new Error(`the final stage copies something else than one file to an absolute path: ${value}`);
    return { from, source, target };
  });
}
