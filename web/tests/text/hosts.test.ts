import { describe, expect, it } from 'vitest'

import { isPlainHost } from '@/text/hosts'

describe('isPlainHost', () => {
  it.each([
    'example.com',
    'MÜNCHEN.de',
    'www.größe.example.com',
    'português.com.br',
    'việtnam.vn',
    'ılıca.com.tr',
    '例え.jp',
    '東京tower.jp',
    'スーパー.com',
    'テスト.みんな',
    '臺灣ㄅㄆ.tw',
    '한국.com',
    'пример.com',
    'россия.рф',
    'сосна.ru',
    'παράδειγμα.gr',
    'ελλάδα.ελ',
    'דוגמה.co.il',
    'مثال.com',
    'ตัวอย่าง.com',
    'उदाहरण.भारत',
    'հայաստան.am',
  ])('shows %s as it is', (host) => {
    expect(isPlainHost(host)).toBe(true)
  })

  it.each([
    ['аррӏе.com', 'Cyrillic letters that look like Latin ones'],
    ['www.аррӏе.com', 'the same below another name'],
    ['раураӏ.net', 'the same again'],
    ['ѕех.org', 'and again'],
    ['ορα.com', 'Greek ones'],
    ['օսո.com', 'Armenian ones'],
    ['аpple.com', 'one Cyrillic letter among Latin ones'],
    ['gοogle.com', 'one Greek letter'],
    ['google.соm', 'a top-level domain of two scripts'],
    ['abc例え한.jp', 'Japanese and Korean'],
    ['ɡoogle.com', 'a Latin letter of phonetics'],
    ['ıcloud.com', 'a dotless i'],
    ['ｇoogle.com', 'a full-width letter'],
    ['ⓐpple.com', 'a letter in a circle'],
    ['g\u0332oogle.com', 'a line below a letter'],
    ['goo\u200dgle.com', 'an invisible character'],
    ['example.comノlogin.jp', 'a Katakana letter like a slash'],
    ['example.com\u2215a.jp', 'a sign like a slash'],
    ['i❤.ws', 'a picture'],
    ['goo·gle.com', 'a dot within a word'],
  ])('does not show %s as it is: %s', (host) => {
    expect(isPlainHost(host)).toBe(false)
  })
})
