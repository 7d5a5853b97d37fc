import { computed, onScopeDispose, ref, shallowRef, type ComputedRef, type Ref } from 'vue'

/** How long to wait for the next key before the server is asked, in milliseconds. */
const DEBOUNCE_MS = 200

/** Part of what the server finds for a text. */
export interface Found<Item> {
  items: readonly Item[]
  /** Where the next part begins; null if this is the last. */
  next: number | null
}

interface Options<Item> {
  /** What is known about a text without asking; comes before what the server finds. */
  known?: (text: string) => readonly Item[]
  /** Whether to ask the server about a text. */
  asks?: (text: string) => boolean
  ask: (text: string, skip: number, signal: AbortSignal) => Promise<Found<Item>>
  idOf: (item: Item) => number | string
  choose: (item: Item) => void
}

export interface Finder<Item> {
  text: Readonly<Ref<string>>
  /** What belongs to the text. */
  items: ComputedRef<readonly Item[]>
  /** What an earlier text had found, while the answer to this one is awaited. */
  old: ComputedRef<readonly Item[]>
  /** Whether there are more to ask for. */
  more: ComputedRef<boolean>
  isAsking: ComputedRef<boolean>
  hasFailed: ComputedRef<boolean>
  /** The index of the item that the keyboard has reached; -1 for none. */
  active: Readonly<Ref<number>>
  /** Start over, with this text. */
  start: (text?: string) => void
  stop: () => void
  type: (text: string) => void
  /** Obey a key. Returns whether it was one to obey. */
  press: (key: string, isRepeated: boolean) => boolean
  /** Ask for the next part, or once more for what failed. */
  loadMore: () => void
}

/**
 * Finds while somebody types, and chooses among what was found. A key belongs to the text it was pressed with: where
 * the answer to that is not there yet it waits for it, and counts for nothing once the text has changed.
 */
export function useFinder<Item>(options: Options<Item>): Finder<Item> {
  const { known = () => [], asks = () => true, ask, idOf, choose } = options

  const text = ref('')
  const wanted = computed(() => text.value.trim())
  /** What the server has found, and for which text. */
  const found = shallowRef<(Found<Item> & { text: string }) | null>(null)
  const state = ref<'idle' | 'asking' | 'failed'>('idle')
  const active = ref(-1)

  /** What was pressed before there was anything to choose from. */
  let steps = 0
  let isEntered = false

  let timer: ReturnType<typeof setTimeout> | undefined
  /** Of the request that is out. */
  let controller: AbortController | undefined

  const isAnswered = computed(() => !asks(wanted.value) || found.value?.text === wanted.value)
  const items = computed(() => {
    const first = known(wanted.value)
    if (found.value?.text !== wanted.value || !asks(wanted.value)) return first
    const ids = new Set(first.map(idOf))
    return [...first, ...found.value.items.filter((item) => !ids.has(idOf(item)))]
  })
  const old = computed(() => (isAnswered.value || state.value === 'failed' ? [] : (found.value?.items ?? [])))
  const more = computed(() => isAnswered.value && asks(wanted.value) && (found.value?.next ?? null) !== null)
  const isAsking = computed(() => state.value === 'asking')
  const hasFailed = computed(() => state.value === 'failed')

  function cancel(): void {
    clearTimeout(timer)
    controller?.abort()
    controller = undefined
  }

  function forget(): void {
    cancel()
    state.value = 'idle'
    active.value = -1
    steps = 0
    isEntered = false
  }

  function start(first = ''): void {
    forget()
    found.value = null
    text.value = first
    if (!isAnswered.value) void load()
  }

  function type(next: string): void {
    const before = wanted.value
    text.value = next
    if (wanted.value === before) return
    forget()
    if (isAnswered.value) return
    state.value = 'asking'
    timer = setTimeout(() => void load(), DEBOUNCE_MS)
  }

  /** Ask about the text: for the next part of what was found, or for the first. */
  async function load(): Promise<void> {
    cancel()
    const mine = (controller = new AbortController())
    const asked = wanted.value
    const before = found.value?.text === asked ? found.value : { items: [], next: 0 }
    if (before.next === null) return
    state.value = 'asking'
    try {
      const page = await ask(asked, before.next, mine.signal)
      if (mine.signal.aborted) return
      // Somebody may have come or gone between two parts.
      const ids = new Set(before.items.map(idOf))
      const fresh = page.items.filter((item) => !ids.has(idOf(item)))
      found.value = { text: asked, items: [...before.items, ...fresh], next: page.next }
      state.value = 'idle'
      controller = undefined
      obey()
    } catch {
      if (mine.signal.aborted) return
      state.value = 'failed'
      controller = undefined
      steps = 0
      isEntered = false
    }
  }

  /** Do what was pressed while the answer was awaited. */
  function obey(): void {
    if (steps > 0) active.value = Math.min(steps, items.value.length) - 1
    steps = 0
    if (isEntered) enter()
    isEntered = false
  }

  function enter(): void {
    // An empty text has searched for nobody, so only an item that was gone to is meant.
    const item = items.value[active.value] ?? (wanted.value === '' ? undefined : items.value[0])
    if (item !== undefined) choose(item)
    else if (!isAnswered.value) {
      isEntered = true
      if (controller === undefined) void load()
    }
  }

  function move(by: 1 | -1): void {
    isEntered = false
    if (items.value.length === 0) {
      if (!isAnswered.value) steps = Math.max(0, steps + by)
      return
    }
    const last = items.value.length - 1
    active.value = Math.max(-1, Math.min(active.value + by, last))
    if (active.value === last) loadMore()
  }

  function press(key: string, isRepeated: boolean): boolean {
    if (key === 'ArrowDown') move(1)
    else if (key === 'ArrowUp') move(-1)
    // A key still held from before, such as the one that has opened this, chooses nobody.
    else if (key === 'Enter' && !isRepeated) enter()
    else return key === 'Enter'
    return true
  }

  function loadMore(): void {
    if (!isAsking.value && (more.value || hasFailed.value)) void load()
  }

  onScopeDispose(forget)

  return { text, items, old, more, isAsking, hasFailed, active, start, stop: forget, type, press, loadMore }
}
