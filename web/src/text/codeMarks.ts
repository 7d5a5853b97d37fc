/** A piece of a message that backticks mark as code. */
export interface Code {
  /** Where it is in the message, with its backticks. */
  start: number
  end: number
  /** Where what it says is. */
  from: number
  to: number
  /** It has lines of its own. */
  isBlock: boolean
}

/** The fewest backticks that make a block. */
const BLOCK_MIN = 3

/** How far a block may be indented. */
const INDENT_MAX = 3

const BACKTICKS = /`+/g

const BLANK_LINE = /\n[ \t]*\n/

/**
 * Find what is code in a message, as `chatd/services/code_marks.py` does: that names nobody, so it must not look as if it
 * did.
 */
export function findCode(text: string): Code[] {
  if (!text.includes('`')) return []
  const marks = [...text.matchAll(BACKTICKS)].map(({ 0: { length }, index }) => ({ start: index, length }))
  const closing = closings(text, marks)
  const found: Code[] = []
  let end = 0
  for (const [number, mark] of marks.entries()) {
    if (mark.start < end) continue
    const code = beginsBlock(text, marks, number) ? blockAt(text, marks, number) : spanAt(text, mark, closing[number])
    if (!code) continue
    found.push(code)
    end = code.end
  }
  return found
}

interface Mark {
  start: number
  length: number
}

/** Return for each mark the next of its length in its paragraph. */
function closings(text: string, marks: readonly Mark[]): (Mark | undefined)[] {
  const found = new Array<Mark | undefined>(marks.length)
  const next = new Map<number, Mark>()
  for (let number = marks.length - 1, after = text.length; number >= 0; number -= 1) {
    const mark = marks[number]!
    if (BLANK_LINE.test(text.slice(mark.start + mark.length, after))) next.clear()
    found[number] = next.get(mark.length)
    next.set(mark.length, mark)
    after = mark.start
  }
  return found
}

function spanAt(text: string, { start, length }: Mark, closing: Mark | undefined): Code | null {
  if (!closing) return null
  const [from, to] = [start + length, closing.start]
  // One space inside each end is there for code that begins or ends with a backtick.
  const space = /^[ \n][^]*[ \n]$/.test(text.slice(from, to)) && /[^ \n]/.test(text.slice(from, to)) ? 1 : 0
  return { start, end: closing.start + length, from: from + space, to: to - space, isBlock: false }
}

function beginsBlock(text: string, marks: readonly Mark[], number: number): boolean {
  const { start, length } = marks[number]!
  if (length < BLOCK_MIN || !isFirstInLine(text, start)) return false
  return (marks[number + 1]?.start ?? Infinity) > lineEnd(text, start + length)
}

function blockAt(text: string, marks: readonly Mark[], number: number): Code {
  const { start, length } = marks[number]!
  const from = Math.min(lineEnd(text, start + length) + 1, text.length)
  for (let place = number + 1; place < marks.length; place += 1) {
    const later = marks[place]!
    if (later.length < length || !isFirstInLine(text, later.start)) continue
    const end = lineEnd(text, later.start + later.length)
    if (/[^ \t]/.test(text.slice(later.start + later.length, end))) continue
    return { start, end, from, to: Math.max(from, text.lastIndexOf('\n', later.start)), isBlock: true }
  }
  return { start, end: text.length, from, to: text.length, isBlock: true }
}

function isFirstInLine(text: string, place: number): boolean {
  let first = place
  while (first > 0 && place - first < INDENT_MAX && text[first - 1] === ' ') first -= 1
  return first === 0 || text[first - 1] === '\n'
}

function lineEnd(text: string, place: number): number {
  const end = text.indexOf('\n', place)
  return end < 0 ? text.length : end
}
