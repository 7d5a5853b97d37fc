import { describe, expect, it } from 'vitest'

import { tokenize } from '@/text/links'

const links = (text: string) => tokenize(text).filter((token) => token.href !== null)

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

  it('does not take long over a long text made to be slow', () => {
    for (const text of [
      'a.'.repeat(1000),
      '('.repeat(2000) + 'http://',
      'http://' + 'a@'.repeat(990),
      '/'.repeat(2000),
    ]) {
      expect(
        tokenize(text)
          .map((token) => token.text)
          .join(''),
      ).toBe(text)
    }
  })
})
