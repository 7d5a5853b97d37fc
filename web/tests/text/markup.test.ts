import { describe, expect, it } from 'vitest'

import { findCode } from '@/text/codeMarks'
import type { Piece } from '@/text/emphasis'
import { type Block, marked } from '@/text/markup'

const piecesOf = (block: Block): Piece[] =>
  block.kind === 'list' ? block.items.flatMap((item) => item.pieces) : block.pieces
const pieces = (text: string) => marked(text).flatMap(piecesOf)
const joined = (text: string) =>
  pieces(text)
    .map((piece) => piece.text)
    .join('')

/** What is not plain, by how it looks. */
const looks = (text: string) =>
  pieces(text)
    .filter((piece) => piece.kind !== 'mark' && (piece.kind !== 'text' || piece.looks.length > 0))
    .map((piece) => [piece.text, [...piece.looks, ...(piece.kind === 'text' ? [] : [piece.kind])].join(' ')])

function withoutCode(text: string): string {
  let [left, end] = ['', 0]
  for (const code of findCode(text)) {
    left += `${text.slice(end, code.start)}\``
    end = code.end
  }
  return left + text.slice(end)
}

describe('marks', () => {
  it.each([
    [
      '**bold** and *italic*, _too_, ~~gone~~',
      [
        ['bold', 'bold'],
        ['italic', 'italic'],
        ['too', 'italic'],
        ['gone', 'struck'],
      ],
    ],
    ['***both***', [['both', 'bold italic']]],
    [
      '**bold *and italic***',
      [
        ['bold ', 'bold'],
        ['and italic', 'bold italic'],
      ],
    ],
    ['*a **b*', [['a **b', 'italic']]],
    ['这是**重点**内容', [['重点', 'bold']]],
    ['*שלום* עולם', [['שלום', 'italic']]],
    [
      '**see https://example.org/a_b_c**',
      [
        ['see ', 'bold'],
        ['https://example.org/a_b_c', 'bold link'],
      ],
    ],
    [
      '`*a*` and ``b ` c``',
      [
        ['*a*', 'code'],
        ['b ` c', 'code'],
      ],
    ],
    ['`https://example.org`', [['https://example.org', 'code']]],
  ])('makes of %j what was meant', (text, expected) => {
    expect(looks(text)).toEqual(expected)
    expect(joined(text)).toBe(text)
  })

  it.each([
    'snake_case_names and _more',
    '2 * 3 * 4',
    '2*3*4',
    '**unclosed',
    '*',
    '** **',
    '****',
    '~5 to ~10~',
    '-_- and -_-',
    String.raw`¯\_(ツ)_/¯`,
    '*_*',
    '*one\n\ntwo*',
    'a ` b',
    '>_<',
    '-5',
    '```',
    String.raw`\*no\*`,
  ])('leaves %j as it is', (text) => {
    expect(looks(text)).toEqual([])
    expect(pieces(text).filter((piece) => piece.kind === 'mark')).toEqual([])
    expect(joined(text)).toBe(text)
  })
})

describe('blocks', () => {
  it('are quotes, lists and code, each with its lines', () => {
    const text = 'so:\n> one\n> *two*\n- a\n  - b\n1. c\n\n```py\nif *x*:\n\n  @y\n```\nend'
    expect(marked(text).map((block) => block.kind)).toEqual(['text', 'quote', 'list', 'text', 'code', 'text'])
    expect(joined(text)).toBe(text)
    const list = marked(text)[2]
    expect(list?.kind === 'list' && list.items.map((item) => [item.depth, item.isNumbered])).toEqual([
      [0, false],
      [1, false],
      [0, true],
    ])
    expect(piecesOf(marked(text)[4]!)[1]?.text).toBe('if *x*:\n\n  @y')
  })

  it('keeps code together that has several lines', () => {
    const text = '> `a\n> b` c\n- d'
    expect(marked(text).map((block) => block.kind)).toEqual(['quote', 'list'])
    expect(looks(text)).toEqual([['a\n> b', 'code']])
  })
})

describe('code', () => {
  // The same as the server's: tests/services/test_code_marks.py.
  it.each([
    ['no code', 'no code'],
    ['a `b` c', 'a ` c'],
    ['a ``b ` c`` d', 'a ` d'],
    ['a `b`` c', 'a `b`` c'],
    ['`a` `b`', '` `'],
    ['a ` b', 'a ` b'],
    ['two\n\nparagraphs ` of one\n \nand ` another', 'two\n\nparagraphs ` of one\n \nand ` another'],
    ['a `line\nbreak` is none', 'a ` is none'],
    ['```\na\n```\nb', '`\nb'],
    ['```py\na ` b\n\nc\n  ````  \nd', '`\nd'],
    ['before\n   ```\nto the end `a', 'before\n   `'],
    ['    ```\nfour spaces are too many', '    ```\nfour spaces are too many'],
    ['```a``` b', '` b'],
    ['````\n```\n@a\n````', '`'],
    ['```\n``` a\n@b', '`'],
  ])('of %j is what the server takes for it', (text, left) => {
    expect(withoutCode(text)).toBe(left)
    expect(joined(text)).toBe(text)
  })
})

/** Many more than a message may have. */
const TIMES = 5000

describe('thousands of marks', () => {
  it.each(['*a ', 'a* ', '**a*', '*_', '` `` ', '~~a~~ ', '> ', '- a\n', '*_*a', '\n\n`', '[*', '_a_', '***a** '])(
    'of %j are read once each',
    (part) => {
      const text = part.repeat(TIMES)
      expect(joined(text)).toBe(text)
    },
  )
})
