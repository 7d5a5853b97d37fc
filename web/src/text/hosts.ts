/**
 * Which internationalized host names may be shown as they are written, as browsers decide: where letters could be taken
 * for others, the name is shown in its ASCII form (punycode), which fools nobody.
 *
 * The rules are those of Unicode Technical Standard #39, "highly restrictive", with its whole-script confusables.
 */

/** The scripts in everyday use by themselves (Unicode Standard Annex #31, table 5). */
const SCRIPTS =
  'Arab Armn Beng Bopo Cyrl Deva Ethi Geor Grek Gujr Guru Hang Hani Hebr Hira Kana Khmr Knda Laoo Latn Mlym Mymr Orya Sinh Taml Telu Thaa Thai Tibt'

/** The scripts that are written together, each set also with Latin. */
const TOGETHER = ['Hani Hira Kana', 'Hani Bopo', 'Hani Hang']

/** Letters, marks and digits; hyphens; and the signs that stand within words of some languages. */
const ORDINARY = /^[\p{L}\p{M}\p{Nd}\-\u05f3\u05f4\u06fd\u06fe\u0f0b\u3007\u30fb]*$/u

/** Latin letters that languages are written in today. Others, such as a dotless i or the g of phonetics, look like them. */
const LATIN =
  /^[a-z\u00df-\u00f6\u00f8-\u0130\u0132-\u0137\u0139-\u0148\u014a-\u017e\u01a0\u01a1\u01af\u01b0\u01cd-\u01dc\u0218-\u021b\u0259\u1e00-\u1ef9]*$/u

/** Katakana, Han characters and signs that look like a slash, a dash or a stroke beside Latin letters. */
const STROKES = /[\u30ce\u30f3\u30bd\u30be\u30d8\u3078\u30fb\u30fc\u4e00\u4e28\u4e36\u4e3f\u3006\u3007]/

/** By script: letters that look like Latin ones, and the countries whose domains have words in that script. */
const LOOKALIKES: readonly (readonly [letters: RegExp, countries: RegExp])[] = [
  [/^[\d\-асԁеԍһіїјӏорԛѕԝхуүъьҽпгѵѡ]+$/u, /^(?:bg|by|kg|kz|mk|mn|rs|ru|su|tj|ua|uz)$/],
  [/^[\d\-αάβγεέηήικνοόρτυύχωώ]+$/u, /^(?:cy|eu|gr)$/],
  [/^[\d\-ագզէլհյոսւօքցփ]+$/u, /^am$/],
]

let ofOneScript: readonly RegExp[] | undefined

/** Return patterns for a text in one script, or in several that are written together. */
function singles(): readonly RegExp[] {
  const pattern = (scripts: readonly string[]): RegExp =>
    new RegExp(`^[${[...scripts, 'Zyyy', 'Zinh'].map((script) => String.raw`\p{scx=${script}}`).join('')}]*$`, 'u')
  return (ofOneScript ??= [
    ...SCRIPTS.split(' ').map((script) => pattern([script])),
    ...TOGETHER.map((scripts) => pattern([...scripts.split(' '), 'Latn'])),
  ])
}

/** Report whether nobody can take `host`, as somebody wrote it, for another one. */
export function isPlainHost(host: string): boolean {
  if (/^[ -~]*$/.test(host)) return true
  const written = host.toLowerCase()
  if (written.normalize('NFKC') !== written.normalize('NFC')) return false
  const labels = written.normalize('NFC').split(/[.\u3002]/)
  const top = labels.at(-1) ?? ''
  return labels.every((label) => isPlainLabel(label, top))
}

function isPlainLabel(label: string, top: string): boolean {
  if (/^[ -~]*$/.test(label)) return true
  if (!ORDINARY.test(label) || /\p{Default_Ignorable_Code_Point}/u.test(label)) return false
  if (!singles().some((pattern) => pattern.test(label))) return false
  const latin = label.match(/\p{Script=Latin}/gu)?.join('') ?? ''
  if (!LATIN.test(/^(?:az|tr)$/.test(top) ? latin.replaceAll('ı', '') : latin)) return false
  if (latin && STROKES.test(label)) return false
  // A mark that has no letter of its own with a Latin, Greek or Cyrillic one is easily missed.
  if (/[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]\p{M}/u.test(label)) return false
  const isElsewhere = /^[a-z]+$/.test(top)
  return !LOOKALIKES.some(([letters, countries]) => letters.test(label) && isElsewhere && !countries.test(top))
}
