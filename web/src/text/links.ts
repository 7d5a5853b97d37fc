import { LinkifyIt } from 'linkify-it'
import { shallowRef } from 'vue'

import { isPlainHost } from './hosts'

/** A piece of a message: plain text, or a link that is safe to open. */
export interface Token {
  text: string
  /** The address if the piece is a link, which is http, https or mailto, or null. */
  href: string | null
  /** The address once more where the text is not what was written, since that looks like another host. */
  title?: string
}

const PROTOCOLS = new Set(['http:', 'https:'])

/** Domains that are better known as the ends of file names: `notes.md` is a link only if there is more than a name. */
const FILE_ENDINGS = /\.(?:cab|cc|map|md|ml|mm|mov|pm|ps|pub|py|rs|sh|so|tf|vi|zip)$/i

/** A sentence that follows another without a space between: `Thanks.It works`. */
const SENTENCES = /\p{Ll}\.\p{Lu}|\.\p{Lu}\p{Ll}/u

/** A number with a word: `5.am`. */
const NUMBERS = /^\d{1,2}(?:\.\d+)*\.\p{L}+$/u

/** Characters that change the direction of what follows: they could make an address look like another. */
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/

/** Every link has one of these: without them there is nothing to look for. */
const HINT = /[:@.]/

/** What may be a link without `https://`: only then does the list of domains matter. */
const BARE = /[\p{L}\p{N}]\.\p{L}{2}/u

const UNSPACED = String.raw`\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}`

/** Punctuation and signs of other writing, among them full-width ones. */
const SIGNS = String.raw`\u2000-\u206f\u3000-\u303f\uff00-\uffef`

/** What ends a link, or comes right before one, in the writing of those who put no space there. */
const BREAKS = new RegExp(
  [
    // Letters before a link.
    String.raw`[~|${UNSPACED}](?=https?:\/\/)`,
    String.raw`[${UNSPACED}](?=[a-z0-9._+\-]+@[\p{L}\p{N}\-]+\.)`,
    String.raw`[${UNSPACED}](?=(?:[a-z0-9\-]+\.)+[a-z]{2,24}(?![a-z0-9]))(?<![/@][^\s${SIGNS}]*)`,
    // Letters after a host.
    String.raw`(?<=(?:^|[\s([{<,;'"*~${SIGNS}${UNSPACED}]|\/\/|@)(?:[\p{L}\p{N}\-]+\.)+[a-z]{2,24})[${UNSPACED}]+`,
    // Full-width signs, two apostrophes for a quotation mark, and pictures.
    String.raw`[\p{P}\p{S}](?<=[${SIGNS}])`,
    `''`,
    String.raw`(?![\x00-\xff])[\p{Extended_Pictographic}\p{RI}][\p{EMod}\ufe0f]*`,
  ].join('|'),
  'giu',
)

const linkify = shallowRef(
  new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, maxLength: 2000 }).add('ftp:', null).add('//', null),
)
let tops: ReadonlySet<string> | null = null
let loading: Promise<void> | undefined

/** Load the list of all top-level domains that there are, by IANA. Until then only the usual ones are known. */
export function loadDomains(): Promise<void> {
  return (loading ??= import('tlds').then(
    ({ default: list }) => {
      tops = new Set(list)
      linkify.value = new LinkifyIt({ fuzzyLink: true, fuzzyEmail: true, maxLength: 2000, tlds: list })
        .add('ftp:', null)
        .add('//', null)
    },
    () => {
      loading = undefined
    },
  ))
}

/** Split `text` into plain pieces and links. The pieces, joined, are the text, but for hosts that look like others. */
export function tokenize(text: string): Token[] {
  if (!HINT.test(text)) return [{ text, href: null }]
  if (BARE.test(text)) void loadDomains()
  const matches = linkify.value.match(text.replace(BREAKS, (found) => ' '.repeat(found.length))) ?? []
  const tokens: Token[] = []
  let end = 0
  for (const { index, schema, raw: found } of matches) {
    const raw = trim(found, text.slice(Math.max(0, index - 2), index))
    const link = toLink(raw, schema)
    if (link === null) continue
    if (index > end) tokens.push({ text: text.slice(end, index), href: null })
    tokens.push(link)
    end = index + raw.length
  }
  if (end < text.length) tokens.push({ text: text.slice(end), href: null })
  return tokens
}

/** Return a link without what belongs to the text around it; `before` is that text. */
function trim(raw: string, before: string): string {
  const quote = /(?<![\p{L}\p{N}])["']$/u.exec(before)?.[0]
  const closed = quote === undefined ? -1 : raw.indexOf(quote)
  return (closed > 0 ? raw.slice(0, closed) : raw).replace(/[*~]$/.test(before) ? /[*~`^|$]+$/ : /[`^|$]+$/, '')
}

function toLink(raw: string, schema: string): Token | null {
  if (BIDI_CONTROLS.test(raw)) return null
  return schema === 'mailto:' ? toMailLink(raw) : toWebLink(raw, schema)
}

function toMailLink(raw: string): Token | null {
  const at = raw.lastIndexOf('@') + 1
  const host = raw.slice(at)
  const top = host.slice(host.lastIndexOf('.') + 1).toLowerCase()
  const ascii = parse(`https://${host}`)?.hostname
  if (!ascii || (tops && !tops.has(top) && !top.startsWith('xn--'))) return null
  const url = parse(raw.slice(0, at).replace(/^(?!mailto:)/i, 'mailto:') + ascii)
  if (!url) return null
  return isPlainHost(host)
    ? { text: raw, href: url.href }
    : { text: raw.slice(0, at) + ascii, href: url.href, title: url.href }
}

function toWebLink(raw: string, schema: string): Token | null {
  const host = /^(?:https?:\/\/)?([^/?#:]*)/iu.exec(raw)?.[1] ?? ''
  if (schema === '' && !isBareLink(raw, host)) return null
  const url = parse(schema === '' ? `https://${raw}` : raw)
  if (!url || !PROTOCOLS.has(url.protocol)) return null
  // `https://bank.example@elsewhere.example` leads elsewhere, so it stays text.
  if (url.username || url.password) return null
  return isPlainHost(host)
    ? { text: raw, href: url.href }
    : { text: raw.replace(host, url.hostname), href: url.href, title: url.href }
}

/** Report whether what looks like a host without `https://` is meant as one. */
function isBareLink(raw: string, host: string): boolean {
  if (SENTENCES.test(host)) return false
  if (raw.length > host.length || /^www\./i.test(host)) return true
  return !FILE_ENDINGS.test(host) && !NUMBERS.test(host)
}

function parse(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}
