import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

const SOURCES = join(import.meta.dirname, '../../src')

/** Return the lines of the sources that `pattern` matches, as `file: line`, except in files that `allowed` matches. */
async function lines(pattern: RegExp, allowed?: RegExp): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(SOURCES, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const file = path.slice(SOURCES.length + 1)
    if (allowed?.test(file)) continue
    const text = await readFile(path, 'utf8')
    found.push(
      ...text
        .split('\n')
        .filter((line) => pattern.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    )
  }
  return found
}

describe('in the sources of the client', () => {
  it('text is text: nothing is made of markup', async () => {
    expect(
      await lines(/v-html|innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|srcdoc/),
    ).toEqual([])
  })

  it('only the socket of transport/ opens a connection', async () => {
    expect(await lines(/new (WebSocket|EventSource)\b/)).toEqual([expect.stringMatching(/^transport\/link\.ts: /)])
    expect(await lines(/import (?!type).*['"](@\/transport|\.)\/link['"]/)).toEqual([
      expect.stringMatching(/^transport\/connection\.ts: /),
    ])
    expect(await lines(/import (?!type).*(@\/transport|\.)\/connection['"]/)).toEqual([
      expect.stringMatching(/^transport\/socket\.ts: /),
    ])
  })

  it('only stores change what is in a store', async () => {
    const stores = '(auth|blocks|conversations|messages|outbox|people|preferences|presence|rooms)'
    const assigned = new RegExp(
      `(^|[^.\\w])${stores}(\\.\\w+)+ ([-+*/|&?]{0,2}=) |v-model(:\\w+)?="${stores}\\.|\\$patch|\\$state`,
    )
    expect(await lines(assigned, /^stores\/|^i18n\.ts$/)).toEqual([])
  })
})
