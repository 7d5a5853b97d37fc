import { type FunctionalComponent, h } from 'vue'

import type { Look, Piece } from '@/text/emphasis'

const ELEMENTS: Readonly<Record<Look, string>> = { bold: 'strong', italic: 'em', struck: 's' }

/** The pieces of one paragraph. `inert`: the Tab key skips the links. */
export const RichPieces: FunctionalComponent<{ pieces: readonly Piece[]; inert: boolean }> = ({ pieces, inert }) =>
  pieces.map(({ text, kind, looks, href, title }) => {
    if (kind === 'mark') return h('span', { class: 'mark', 'aria-hidden': 'true' }, text)
    if (kind === 'code') return h('code', { class: looks, dir: 'ltr', translate: 'no' }, text)
    if (kind === 'text') return looks[0] ? h(ELEMENTS[looks[0]], { class: looks }, text) : text
    const rel = 'noopener noreferrer nofollow'
    return h('a', { class: looks, href, title, target: '_blank', rel, tabindex: inert ? -1 : undefined }, text)
  })

RichPieces.props = ['pieces', 'inert']
