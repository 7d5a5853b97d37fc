import { LinkifyIt } from 'linkify-it'

/** A piece of a message: plain text, or a link that is safe to open. */
export interface Token {
  text: string
  /** The address if the piece is a link, which is http, https or mailto, or null. */
  href: string | null
}

const PROTOCOLS = new Set(['http:', 'https:', 'mailto:'])

/** Domains that are better known as file name extensions: `notes.md` is a link only if there is more than a name. */
const FILE_ENDINGS = /\.(?:cc|md|mov|pl|ps|py|rs|sh|so|zip)$/i

/** Characters that change the direction of what follows: they could make an address look like another. */
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/

/** A letter right before a link, in scripts that put no space there. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}](?=https?:\/\/)/giu

/** Every link has one of these: without them there is nothing to look for. */
const HINT = /[:@.]/

const linkify = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, maxLength: 2000 }).add('ftp:', null).add('//', null)

/** Split `text` into plain pieces and links. The pieces, joined, are the text. */
export function tokenize(text: string): Token[] {
  const matches = HINT.test(text) ? linkify.match(text.replace(UNSPACED, (letter) => ' '.repeat(letter.length))) : null
  if (!matches) return [{ text, href: null }]
  const tokens: Token[] = []
  let end = 0
  for (const match of matches) {
    const href = address(match.raw, match.schema, match.url)
    if (href === null) continue
    if (match.index > end) tokens.push({ text: text.slice(end, match.index), href: null })
    tokens.push({ text: match.raw, href })
    end = match.lastIndex
  }
  if (end < text.length) tokens.push({ text: text.slice(end), href: null })
  return tokens
}

function address(raw: string, schema: string, found: string): string | null {
  if (BIDI_CONTROLS.test(raw) || (schema === '' && FILE_ENDINGS.test(raw))) return null
  const url = parse(schema === '' ? found.replace(/^http:/, 'https:') : found)
  if (!url || !PROTOCOLS.has(url.protocol)) return null
  // `https://bank.example@elsewhere.example` leads elsewhere, so it stays text.
  if (url.protocol !== 'mailto:' && (url.username || url.password)) return null
  return url.href
}

function parse(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
