import { readonly, ref, type Ref } from 'vue'

const isFinding = ref(false)
const hasFound = ref(false)
const first = ref('')

/** The dialog in which a person to write to is found, from wherever it is offered. */
export function useFind(): {
  isFinding: Ref<boolean>
  /** Whether it was ever open: it is loaded then. */
  hasFound: Readonly<Ref<boolean>>
  /** What it searches for from the start. */
  first: Readonly<Ref<string>>
  find: (text?: string) => void
} {
  function find(text = ''): void {
    first.value = text
    hasFound.value = true
    isFinding.value = true
  }

  return { isFinding, hasFound: readonly(hasFound), first: readonly(first), find }
}
