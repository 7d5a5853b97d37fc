import { nextTick, onBeforeUnmount, onMounted, ref, type Ref, shallowRef, type ShallowRef } from 'vue'

import { languageTag } from '@/i18n'
import { useAuthStore } from '@/stores/auth'
import { usePeopleStore } from '@/stores/people'
import { nameOf } from '@/text/names'
import { clock, isSameDay, regional, stamp } from '@/text/times'

import { isPending, type Row, rowTime } from './rows'

/** So many rows stay in the page while they are selected, however far the list scrolls. */
const MOST = 300

/**
 * Selecting and copying in the log: one message as its text, or the part of it that is selected, and several as lines
 * with who wrote them and when. Quotes, reactions and times are left out.
 */
export function useCopying(
  rows: Readonly<Ref<readonly Row[]>>,
  scroller: Readonly<ShallowRef<HTMLElement | null>>,
  me: number,
) {
  const auth = useAuthStore()
  const people = usePeopleStore()
  /** The rows that have something of the selection in them. */
  const kept = shallowRef<readonly number[]>([])
  /** The message whose text a finger can select. */
  const selectable = ref<number | null>(null)

  function textOf(article: Element): Element | null {
    return article.querySelector('[data-text]')
  }

  function indexAt(node: Node | null): number {
    const element = node instanceof Element ? node : node?.parentElement
    const holder = scroller.value?.contains(node) ? element?.closest<HTMLElement>('[data-index]') : null
    return holder ? Number(holder.dataset['index']) : -1
  }

  function onSelectionchange(): void {
    const selection = document.getSelection()
    const ends = selection?.isCollapsed === false ? [selection.anchorNode, selection.focusNode].map(indexAt) : []
    const [from, to] = [Math.min(...ends), Math.max(...ends)]
    if (ends.length > 0 && from >= 0) {
      kept.value = Array.from({ length: Math.min(to - from + 1, MOST) }, (_, step) => from + step)
    } else if (kept.value.length > 0) kept.value = []
  }

  /** What is selected of the messages, in their order. */
  function selected(range: Range): { row: Row; text: string }[] {
    const articles = [...(scroller.value?.querySelectorAll('article') ?? [])]
    return articles
      .flatMap((article) => {
        const body = range.intersectsNode(article) ? textOf(article) : null
        const index = indexAt(article)
        const row = rows.value[index]
        if (!body || !row || (!isPending(row) && row.deleted_at !== null)) return []
        const text = common(range, body)
        return text ? [{ index, row, text }] : []
      })
      .sort((one, next) => one.index - next.index)
  }

  function onCopy(event: ClipboardEvent): void {
    const selection = document.getSelection()
    if (!selection || selection.isCollapsed || (event.target as Element).closest('input, textarea')) return
    const parts = selected(selection.getRangeAt(0))
    if (parts.length === 0) return
    event.clipboardData?.setData('text/plain', parts.length === 1 ? parts[0]!.text : lines(parts))
    event.preventDefault()
  }

  function lines(parts: readonly { row: Row; text: string }[]): string {
    const locale = regional(languageTag())
    const today = new Date()
    const time = parts.every(({ row }) => isSameDay(rowTime(row), today)) ? clock : stamp
    return parts
      .map(({ row, text }) => {
        const isMine = isPending(row) || row.sender_id === me
        const name = isMine ? (auth.user?.nickname ?? '') : nameOf(people.authorOf(row))
        return `${name}, ${time(rowTime(row), locale)}: ${text}`
      })
      .join('\n')
  }

  /** Select the text of a message, for a finger to change what is selected. */
  async function selectText(id: number): Promise<void> {
    selectable.value = id
    await nextTick()
    const body = scroller.value?.querySelector(`[data-message-id="${id}"] [data-text]`)
    if (body) document.getSelection()?.selectAllChildren(body)
  }

  function onPointerdown(event: PointerEvent): void {
    if (selectable.value === null) return
    const article = (event.target as Element).closest<HTMLElement>('[data-message-id]')
    if (Number(article?.dataset['messageId']) !== selectable.value) selectable.value = null
  }

  onMounted(() => {
    document.addEventListener('copy', onCopy)
    document.addEventListener('selectionchange', onSelectionchange)
    document.addEventListener('pointerdown', onPointerdown)
  })
  onBeforeUnmount(() => {
    document.removeEventListener('copy', onCopy)
    document.removeEventListener('selectionchange', onSelectionchange)
    document.removeEventListener('pointerdown', onPointerdown)
  })

  return { kept, selectable, selectText }
}

/** Return the text that is both in a range and in an element. */
function common(range: Range, element: Element): string {
  const own = document.createRange()
  own.selectNodeContents(element)
  if (range.compareBoundaryPoints(Range.START_TO_START, own) > 0) own.setStart(range.startContainer, range.startOffset)
  if (range.compareBoundaryPoints(Range.END_TO_END, own) < 0) own.setEnd(range.endContainer, range.endOffset)
  return own.toString()
}
