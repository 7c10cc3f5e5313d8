import { TextDecoder } from 'node:util';
import { SuhoError } from '../errors.js';

/** Longest line that is read. A market file's lines have some 200 characters; without a limit a file that is no text fills the memory. */
const LINE_MAX = 64 * 1024;
/** Bytes that show the encoding. */
const HEAD_MIN = 64;

/** Lines of a text, `first` being the number of the first of them, from 1. */
export interface LineBlock {
  readonly first: number;
  readonly lines: readonly string[];
}

/** Rows split into fields; `first` is the line of the first of them. An empty line is a row without fields. */
export interface FieldBlock {
  readonly first: number;
  readonly rows: readonly (readonly string[])[];
}

/** The encoding of a text by its byte order mark or, without one, by where its zero bytes are. */
function encodingOf(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32' {
  const [a = 1, b = 1, c = 1, d = 1] = head;
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff))
    return 'utf-32';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  let zeros = 0;
  let even = 0;
  for (let i = 0; i < head.length; i++) {
    if (head[i] !== 0) continue;
    zeros++;
    if (i % 2 === 0) even++;
  }
  if (zeros * 4 < head.length || head.length < 4) return 'utf-8';
  return even * 2 > zeros ? 'utf-16be' : 'utf-16le';
}

async function* texts(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let head = Buffer.alloc(0);
  let decoder: TextDecoder | undefined;
  for await (const chunk of bytes) {
    if (decoder === undefined) {
      head = head.length === 0 ? Buffer.from(chunk) : Buffer.concat([head, chunk]);
      if (head.length < HEAD_MIN) continue;
      decoder = decoderFor(name, head);
      yield decoder.decode(head, { stream: true });
    } else yield decoder.decode(chunk, { stream: true });
  }
  if (decoder === undefined) yield decoderFor(name, head).decode(head);
  else yield decoder.decode();
}

function decoderFor(name: string, head: Uint8Array): TextDecoder {
  const encoding = encodingOf(head.subarray(0, 4096));
  if (encoding === 'utf-32')
    throw new SuhoError('BAD_FILE', `${name} is text in UTF-32; save it as UTF-8 or UTF-16.`);
  return new TextDecoder(encoding);
}

/**
 * The lines of a text in UTF-8 or UTF-16, in blocks, whatever ends them (LF, CRLF or CR). Throws `BAD_FILE` for what is no
 * text.
 */
export async function* readLines(name: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<LineBlock> {
  let rest = '';
  let first = 1;
  let end: string | undefined;
  for await (const text of texts(name, bytes)) {
    if (text === '') continue;
    const joined = rest + text;
    // Old Macs end lines with CR alone. Decided once, where a line can have ended.
    end ??= joined.includes('\n') || !joined.includes('\r') || joined.length < LINE_MAX ? undefined : '\r';
    const lines = joined.split(end ?? '\n');
    rest = lines.pop()!;
    if (rest.length > LINE_MAX) throw noText(name, first + lines.length);
    if (lines.length === 0) continue;
    if (first === 1 && lines.slice(0, 20).some((line) => line.includes('\0'))) throw noText(name, 1);
    yield { first, lines: withoutReturns(lines) };
    first += lines.length;
  }
  const last = end === undefined && first === 1 && rest.includes('\r') ? rest.split('\r') : [rest];
  if (first === 1 && rest.includes('\0')) throw noText(name, 1);
  if (last.at(-1) === '' || last.at(-1) === '\r') last.pop();
  if (last.length > 0) yield { first, lines: withoutReturns(last) };
}

function withoutReturns(lines: string[]): string[] {
  if (lines[0]!.endsWith('\r') || lines.at(-1)!.endsWith('\r'))
    for (let i = 0; i < lines.length; i++) if (lines[i]!.endsWith('\r')) lines[i] = lines[i]!.slice(0, -1);
  return lines;
}

function noText(name: string, line: number): SuhoError {
  return new SuhoError('BAD_FILE', `${name} is not a text file of rows: line ${line} is no line of text.`);
}

/** Splits a line into its fields; quotation marks around a field, doubled inside it, are taken off. */
export function splitFields(line: string, delimiter: string): string[] {
  if (!line.includes('"')) return line.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length) {
    let start = at;
    while (line[start] === ' ') start++;
    if (line[start] !== '"') {
      const end = line.indexOf(delimiter, at);
      fields.push(line.slice(at, end < 0 ? undefined : end));
      if (end < 0) break;
      at = end + delimiter.length;
      continue;
    }
    let close = line.indexOf('"', start + 1);
    while (close >= 0 && line[close + 1] === '"') close = line.indexOf('"', close + 2);
    const field = line.slice(start + 1, close < 0 ? undefined : close).replaceAll('""', '"');
    const end = close < 0 ? -1 : line.indexOf(delimiter, close);
    const trailing = close < 0 ? '' : line.slice(close + 1, end < 0 ? undefined : end).trim();
    fields.push(field + trailing);
    if (end < 0) break;
    at = end + delimiter.length;
  }
  return fields;
}
