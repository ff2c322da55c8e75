/** A table in Markdown. Cells are texts in Markdown; bars and line ends in them are escaped. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellOf).join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

function cellOf(text: string): string {
  return text.trim().replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');
}

/** A text as code. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A page: its parts with a blank line between them, and a line that says where it comes from. */
export function page(source: string, ...parts: readonly string[]): string {
  const note = `<!-- Made from ${source} by \`npm run generate\`. Do not edit. -->`;
  return `${[note, ...parts.map((part) => part.trim())].join('\n\n')}\n`;
}

/** The anchor that a forge gives to a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
