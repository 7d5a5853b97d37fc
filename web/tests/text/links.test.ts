import { beforeAll, describe, expect, it } from 'vitest'

import { loadDomains, tokenize } from '@/text/links'

const links = (text: string) => tokenize(text).filter((token) => token.href !== null)

beforeAll(loadDomains)

describe('tokenize', () => {
  it('keeps every character of the text, in order', () => {
    const text = 'see https://example.com/a?b=c#d, or mail ada@example.org – 你好 www.example.net!'
    expect(
      tokenize(text)
        .map((token) => token.text)
        .join(''),
    ).toBe(text)
    expect(links(text).map((token) => token.href)).toEqual([
      'https://example.com/a?b=c#d',
      'mailto:ada@example.org',
      'https://www.example.net/',
    ])
  })

  it('leaves text without links in one piece', () => {
    expect(tokenize('<b>no</b> links: none')).toEqual([{ text: '<b>no</b> links: none', href: null }])
  })

  it('links a bare host over https and a written http as it is', () => {
    expect(links('example.com and http://example.com')).toEqual([
      { text: 'example.com', href: 'https://example.com/' },
      { text: 'http://example.com', href: 'http://example.com/' },
    ])
  })

  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt://example.com/%0aalert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox(1)',
    'file:///etc/passwd',
    'ftp://files.example.com/',
    'blob:abc',
  ])('makes no link to anything but the web and mail: %s', (text) => {
    for (const { href } of links(text)) expect(href).toMatch(/^(https?|mailto):/)
    expect(links(text).some(({ href }) => /script|data|file|ftp:|blob/i.test(href!.split(':')[0]!))).toBe(false)
  })

  it('makes no link that hides another host behind a name', () => {
    expect(links('https://bank.example@evil.example/').map((token) => token.href)).not.toContain(
      'https://bank.example@evil.example/',
    )
  })

  it('makes no link whose letters are turned around', () => {
    expect(links('https://example.com/\u202egpj.exe')).toEqual([])
  })

  it('takes file names for names', () => {
    expect(links('look at README.md, main.rs and run.sh')).toEqual([])
    expect(links('https://docs.rs/serde.rs')).toHaveLength(1)
  })

  it('leaves the full stop and the bracket after a link alone', () => {
    expect(links('(https://example.com/a_(b)).')[0]!.text).toBe('https://example.com/a_(b)')
  })

  it('ends a link where Chinese text goes on after a full-width mark', () => {
    expect(links('看https://example.com/路径，很好')[0]?.text).toBe('https://example.com/路径')
  })

  it.each([
    ['Thanks.It works', []],
    ['OK.So what? Yes.In a way', []],
    ['node.js, vue.ts, a.b and e.g.this', []],
    ['foo.rs, main.py, README.md and lib.so', []],
    ['at 5.am, or 1.is', []],
    ['me@example.notadomain', []],
    ['example.photography and allegro.pl', ['https://example.photography/', 'https://allegro.pl/']],
    ['EXAMPLE.COM and GitHub.com', ['https://example.com/', 'https://github.com/']],
    [
      'docs.rs/serde, crates.io/main.rs, www.foo.rs',
      ['https://docs.rs/serde', 'https://crates.io/main.rs', 'https://www.foo.rs/'],
    ],
    ['почта.рф und 例え.みんな', ['https://xn--80a1acny.xn--p1ai/', 'https://xn--r8jz45g.xn--q9jyb4c/']],
    ['163.com', ['https://163.com/']],
    ['ada@例え.jp', ['mailto:ada@xn--r8jz45g.jp']],
  ])('knows the domains there are: %s', (text, hrefs) => {
    expect(links(text).map((token) => token.href)).toEqual(hrefs)
  })

  it.each([
    'https://example.com/a～后来',
    'https://example.com/a，然后',
    'https://example.com/a。',
    'https://example.com/a！',
    'https://example.com/a（注）',
    '「https://example.com/a」と',
    '看https://example.com/a】',
    '“https://example.com/a”说',
    '„https://example.com/a“',
    '«https://example.com/a»',
    '»https://example.com/a«',
    "''https://example.com/a''",
    "https://example.com/a''b",
    "'https://example.com/a'and",
    "'https://example.com/a's",
    '"https://example.com/a"b"',
    'https://example.com/a"',
    '‘https://example.com/a’s',
    '**https://example.com/a**',
    '(https://example.com/a)',
    '[a](https://example.com/a).',
    '<https://example.com/a>',
    'https://example.com/a🎉',
    'https://example.com/a👍🏽',
    'https://example.com/a🇩🇪',
    'https://example.com/a^',
    'https://example.com/a`',
    'https://example.com/a…',
    'https://example.com/a＋',
  ])('ends a link where its text ends: %s', (text) => {
    expect(links(text).map((token) => token.text)).toEqual(['https://example.com/a'])
  })

  it.each([
    ['看example.com吧', 'example.com'],
    ['去https://example.com看看', 'https://example.com'],
    ['https://example.com에서', 'https://example.com'],
    ['例え.jpです', '例え.jp'],
    ['写信给ada@example.org吧', 'ada@example.org'],
    ['https://example.com。', 'https://example.com'],
    ['https://example.com～', 'https://example.com'],
    ['https://example.com👍', 'https://example.com'],
    ['https://ja.wikipedia.org/wiki/Node.js入門', 'https://ja.wikipedia.org/wiki/Node.js入門'],
    ['https://example.com/路path.html', 'https://example.com/路path.html'],
    ['https://en.wikipedia.org/wiki/A_(b)_(c)', 'https://en.wikipedia.org/wiki/A_(b)_(c)'],
    ['(see https://en.wikipedia.org/wiki/A_(b))', 'https://en.wikipedia.org/wiki/A_(b)'],
    ["l'https://fr.wikipedia.org/wiki/L'Avis", "https://fr.wikipedia.org/wiki/L'Avis"],
    ['~https://example.com/~ada', 'https://example.com/~ada'],
  ])('finds the link in %s', (text, link) => {
    expect(links(text).map((token) => token.text)).toEqual([link])
  })

  it('shows a host that looks like another in ASCII', () => {
    const title = 'https://xn--80ak6aa92e.com/login'
    expect(links('https://аррӏе.com/login')).toEqual([{ text: title, href: title, title }])
    expect(links('аррӏе.com')[0]).toMatchObject({ text: 'xn--80ak6aa92e.com' })
    expect(links('ada@аррӏе.com')[0]).toMatchObject({
      text: 'ada@xn--80ak6aa92e.com',
      href: 'mailto:ada@xn--80ak6aa92e.com',
    })
    expect(links('https://пример.com/')[0]).toEqual({ text: 'https://пример.com/', href: 'https://xn--e1afmkfd.com/' })
  })

  it('does not take long over a long text made to be slow', () => {
    for (const text of [
      'a.'.repeat(1000),
      '('.repeat(2000) + 'http://',
      'http://' + 'a@'.repeat(990),
      '/'.repeat(2000),
      '看a.bc'.repeat(330),
      'ab.看'.repeat(500),
      '看'.repeat(2000) + 'a.bc',
      'a.'.repeat(900) + 'com看',
    ]) {
      expect(
        tokenize(text)
          .map((token) => token.text)
          .join(''),
      ).toBe(text)
    }
  })
})
