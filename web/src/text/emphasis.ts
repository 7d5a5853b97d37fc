import { findCode } from './codeMarks'
import { tokenize } from './links'

export type Look = 'bold' | 'italic' | 'struck'

/** A piece of a message that looks the same from its beginning to its end. */
export interface Piece {
  text: string
  /** A `mark` says how what is around it looks, and is not shown. */
  kind: 'text' | 'mark' | 'code' | 'link'
  looks: Look[]
  /** The address of a link, and once more where the text is not what was written. */
  href?: string
  title?: string | undefined
}

const MARKS = /\*+|_+|~+/g

const LOOKS: Readonly<Record<string, readonly Look[]>> = {
  '*': ['italic'],
  _: ['italic'],
  '**': ['bold'],
  __: ['bold'],
  '***': ['bold', 'italic'],
  ___: ['bold', 'italic'],
  '~~': ['struck'],
}

/** The writing of those who put no space between words has marks within them. */
const UNSPACED = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]/u
const IN_WORD = /[\p{L}\p{M}\p{N}]/u

/** Between two of these it is a face: `-_-`. */
const SIGN = /[-^.,;:=<>/\\|+!?#$%&@]/

/** There must be more than signs between two marks: `*_*` is a face too. */
const CONTENT = /[\p{L}\p{N}]|[^\0-\x7f]/u

/** A mark that something may end. */
interface Opening {
  place: number
  mark: string
  /** How much of what is shown stands before it. */
  content: number
}

/** Split one paragraph into what looks the same. The pieces, joined, are the text, but for hosts that look like others. */
export function emphasized(text: string, code: ReturnType<typeof findCode> = findCode(text), offset = 0): Piece[] {
  const atoms = atomsOf(text, code, offset)
  const reader = new Reader()
  for (const [number, atom] of atoms.entries()) {
    const [before, after] = [atoms[number - 1]?.text ?? '', atoms[number + 1]?.text ?? '']
    if (atom.kind === 'text') reader.read(atom.text, before, after)
    else if (atom.kind === 'link') reader.link(atom)
    else reader.add(atom)
  }
  return reader.finish()
}

/** Split a text into code, links and what may have marks. */
function atomsOf(text: string, code: ReturnType<typeof findCode>, offset: number): Piece[] {
  const atoms: Piece[] = []
  const plain = (from: number, to: number) => {
    if (from === to) return
    for (const { text: part, href, title } of tokenize(text.slice(from, to))) {
      atoms.push(href === null ? piece(part, 'text') : { ...piece(part, 'link'), href, title })
    }
  }
  let end = 0
  for (const each of code) {
    const [start, from, to, next] = [each.start, each.from, each.to, each.end].map((place) => place - offset) as Places
    plain(end, start)
    if (from === to) atoms.push(piece(text.slice(start, next), 'text'))
    else {
      atoms.push(piece(text.slice(start, from), 'mark'), piece(text.slice(from, to), 'code'))
      atoms.push(piece(text.slice(to, next), 'mark'))
    }
    end = next
  }
  plain(end, text.length)
  return atoms
}

type Places = [number, number, number, number]

export function piece(text: string, kind: Piece['kind']): Piece {
  return { text, kind, looks: [] }
}

/** Reads the pieces of a paragraph from its beginning to its end, each once. */
class Reader {
  private readonly pieces: Piece[] = []
  private readonly open: Opening[] = []
  /** Where in `open` those of each mark are. */
  private readonly places = new Map<string, number[]>()
  private readonly ranges: { from: number; to: number; mark: string }[] = []
  private content = 0

  add(one: Piece): void {
    if (one.text === '') return
    if (one.kind !== 'mark' && CONTENT.test(one.text)) this.content += 1
    this.pieces.push(one)
  }

  read(text: string, before: string, after: string): void {
    let end = 0
    for (const { 0: run, index } of text.matchAll(MARKS)) {
      this.add(piece(text.slice(end, index), 'text'))
      end = index + run.length
      const previous = lastOf(index > 0 ? text.slice(Math.max(0, index - 2), index) : before)
      const next = firstOf(end < text.length ? text.slice(end, end + 2) : after)
      this.mark(run, previous, next)
    }
    this.add(piece(text.slice(end), 'text'))
  }

  /** Add a link, without the marks at its end that began before it. */
  link(link: Piece): void {
    let end = link.text.length
    while (end > 0 && '*_~'.includes(link.text[end - 1]!)) end -= 1
    const run = link.text.slice(end)
    if (!run || !this.places.get(run)?.length || !link.href?.endsWith(run)) {
      this.add(link)
      return
    }
    this.add({ ...link, text: link.text.slice(0, end), href: link.href.slice(0, -run.length) })
    this.mark(run, 'x', '')
  }

  finish(): Piece[] {
    const changes = new Map<number, [Look, number][]>()
    const change = (place: number, look: Look, by: number) => {
      changes.set(place, [...(changes.get(place) ?? []), [look, by]])
    }
    for (const { from, to, mark } of this.ranges) {
      for (const look of LOOKS[mark]!) {
        change(from, look, 1)
        change(to, look, -1)
      }
    }
    const counts: Record<Look, number> = { bold: 0, italic: 0, struck: 0 }
    const found: Piece[] = []
    for (const [place, one] of this.pieces.entries()) {
      for (const [look, by] of changes.get(place) ?? []) counts[look] += by
      const looks = (Object.keys(counts) as Look[]).filter((look) => counts[look] > 0)
      const last = found.at(-1)
      if (one.kind === 'text' && last?.kind === 'text' && last.looks.join() === looks.join()) last.text += one.text
      else found.push({ ...one, looks: one.kind === 'mark' ? [] : looks })
    }
    return found
  }

  private mark(run: string, previous: string, next: string): void {
    const isNone = previous === '\\' || (SIGN.test(previous) && SIGN.test(next))
    let rest = run
    if (!isNone && /\S/.test(previous) && !isInWord(next)) {
      for (let mark = this.lastOpen(rest); mark; mark = this.lastOpen(rest)) {
        this.close(mark)
        rest = rest.slice(mark.length)
      }
    }
    if (rest === run && !isNone && run in LOOKS && /\S/.test(next) && !isInWord(previous)) this.begin(run)
    if (rest) this.pieces.push(piece(rest, 'text'))
  }

  private begin(mark: string): void {
    const places = this.places.get(mark) ?? []
    places.push(this.open.length)
    this.places.set(mark, places)
    this.open.push({ place: this.pieces.length, mark, content: this.content })
  }

  /** Return the innermost open mark that a run can end, if there is something after it. */
  private lastOpen(run: string): string | null {
    let [last, found] = [-1, null as string | null]
    for (let length = Math.min(run.length, 3); length > 0; length -= 1) {
      const mark = run.slice(0, length)
      const place = this.places.get(mark)?.at(-1) ?? -1
      if (place > last && this.open[place]!.content < this.content) [last, found] = [place, mark]
    }
    return found
  }

  /** End the innermost of a mark, and forget those within it that nothing ends. */
  private close(mark: string): void {
    const place = this.places.get(mark)!.at(-1)!
    const { place: from } = this.open[place]!
    while (this.open.length > place) this.places.get(this.open.pop()!.mark)!.pop()
    this.pieces[from]!.kind = 'mark'
    this.ranges.push({ from, to: this.pieces.length, mark })
    this.pieces.push(piece(mark, 'mark'))
  }
}

function isInWord(character: string): boolean {
  return IN_WORD.test(character) && !UNSPACED.test(character)
}

function firstOf(text: string): string {
  const point = text.codePointAt(0)
  return point === undefined ? '' : String.fromCodePoint(point)
}

function lastOf(text: string): string {
  return [...text.slice(-2)].at(-1) ?? ''
}
