import { type Code, findCode } from './codeMarks'
import { emphasized, type Piece, piece } from './emphasis'

export interface Item {
  pieces: Piece[]
  /** How far in it is: 0 and up. */
  depth: number
  isNumbered: boolean
}

/** A part of a message with lines of its own. */
export type Block = { kind: 'text' | 'quote' | 'code'; pieces: Piece[] } | { kind: 'list'; items: Item[] }

const DEPTH_MAX = 4

const QUOTE = /^ {0,3}>(?: |$)/
const ITEM = /^( {0,12})(?:[-*] +|(\d{1,3}[.)] +))(?=\S)/

interface Line {
  start: number
  /** Where the next line begins. */
  end: number
  code: Code[]
}

/** Split a message into what its marks make of it. All pieces, joined, are the text, but for hosts that look like others. */
export function marked(text: string): Block[] {
  const blocks: Block[] = []
  let paragraph: Line[] = []
  const endParagraph = () => {
    if (paragraph.length > 0) add(blocks, 'text', inline(text, paragraph[0]!.start, paragraph.at(-1)!.end, paragraph))
    paragraph = []
  }
  for (const line of linesOf(text)) {
    const written = text.slice(line.start, line.end).replace(/\n$/, '')
    const quote = QUOTE.exec(written)?.[0]
    const isQuote = quote !== undefined && (quote.endsWith(' ') || isKind(blocks, paragraph, 'quote'))
    const item = isQuote ? null : ITEM.exec(written)
    const block = line.code[0]?.isBlock && line.code[0].from < line.code[0].to ? line.code[0] : null
    if (!block && !isQuote && !item && /\S/.test(written)) {
      paragraph.push(line)
      continue
    }
    endParagraph()
    if (block) blocks.push({ kind: 'code', pieces: fenced(text, line, block) })
    else if (isQuote) add(blocks, 'quote', prefixed(text, line, quote, ''))
    else if (item) addItem(blocks, text, line, item)
    else add(blocks, 'text', [piece(text.slice(line.start, line.end), 'text')])
  }
  endParagraph()
  return blocks
}

/** Split a text into lines. Code is in one line, even where it has several. */
function linesOf(text: string): Line[] {
  const found: Line[] = []
  const code = findCode(text)
  let [start, number] = [0, 0]
  while (start < text.length) {
    const line: Line = { start, end: start, code: [] }
    let end = text.indexOf('\n', start)
    for (; number < code.length && (end < 0 || code[number]!.start < end); number += 1) {
      line.code.push(code[number]!)
      if (end >= 0 && end < code[number]!.end) end = text.indexOf('\n', code[number]!.end)
    }
    line.end = end < 0 ? text.length : end + 1
    found.push(line)
    start = line.end
  }
  return found
}

function isKind(blocks: readonly Block[], paragraph: readonly Line[], kind: Block['kind']): boolean {
  return paragraph.length === 0 && blocks.at(-1)?.kind === kind
}

function add(blocks: Block[], kind: 'text' | 'quote', pieces: Piece[]): void {
  const last = blocks.at(-1)
  if (last?.kind === kind) last.pieces.push(...pieces)
  else blocks.push({ kind, pieces })
}

function addItem(blocks: Block[], text: string, line: Line, found: RegExpExecArray): void {
  const [prefix, indent = '', number = ''] = found
  const pieces = prefixed(text, line, number ? indent : prefix, number)
  const item = { pieces, depth: Math.min(indent.length >> 1, DEPTH_MAX), isNumbered: number !== '' }
  const last = blocks.at(-1)
  if (last?.kind === 'list') last.items.push(item)
  else blocks.push({ kind: 'list', items: [item] })
}

/** Read a line that begins with a mark, and perhaps with something that is shown as it is. */
function prefixed(text: string, line: Line, mark: string, shown: string): Piece[] {
  const start = line.start + mark.length + shown.length
  const pieces = inline(text, start, line.end, [line])
  return [piece(mark, 'mark'), piece(shown, 'text'), ...pieces].filter((one) => one.text !== '')
}

function fenced(text: string, line: Line, { from, to }: Code): Piece[] {
  return [
    piece(text.slice(line.start, from), 'mark'),
    piece(text.slice(from, to), 'text'),
    piece(text.slice(to, line.end), 'mark'),
  ]
}

function inline(text: string, start: number, end: number, lines: readonly Line[]): Piece[] {
  return emphasized(
    text.slice(start, end),
    lines.flatMap(({ code }) => code),
    start,
  )
}
