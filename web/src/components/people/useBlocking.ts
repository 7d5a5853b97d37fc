import { computed, onMounted, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'

import type { Brief } from '@/api/wire'

import { useToast } from '@/components/ui/toasts'
import { explain } from '@/composables/explain'
import { useAllTexts } from '@/composables/useAllTexts'
import { useBlocksStore } from '@/stores/blocks'
import { nameOf } from '@/text/names'

interface Blocking {
  isBlocked: ComputedRef<boolean>
  /** Whom a dialog asks about. */
  asked: Readonly<ShallowRef<Brief | null>>
  isAsking: Ref<boolean>
  isBusy: Readonly<Ref<boolean>>
  /** Ask whether to block; nothing to ask where somebody is to be unblocked. */
  change: () => Promise<void>
  block: () => Promise<void>
}

/** Blocking somebody, after a question, and unblocking them. */
export function useBlocking(user: () => Brief): Blocking {
  const { t } = useAllTexts()
  const { show } = useToast()
  const blocks = useBlocksStore()

  const isBlocked = computed(() => blocks.isBlocked(user().id))
  const asked = shallowRef<Brief | null>(null)
  const isAsking = ref(false)
  const isBusy = ref(false)

  async function attempt(action: () => Promise<void>, done: string): Promise<void> {
    if (isBusy.value) return
    isBusy.value = true
    try {
      await action()
      isAsking.value = false
      show(done)
    } catch (error) {
      show(await explain(error))
    } finally {
      isBusy.value = false
    }
  }

  async function change(): Promise<void> {
    const person = user()
    if (isBlocked.value) {
      return attempt(() => blocks.unblock(person), t('people.unblocked', { name: nameOf(person) }))
    }
    asked.value = person
    isAsking.value = true
  }

  async function block(): Promise<void> {
    const person = asked.value
    if (person) await attempt(() => blocks.block(person), t('people.blocked', { name: nameOf(person) }))
  }

  onMounted(() => {
    blocks.load().catch(() => undefined)
  })

  return { isBlocked, asked, isAsking, isBusy, change, block }
}
