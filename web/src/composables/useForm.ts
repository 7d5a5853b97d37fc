import { computed, reactive, ref, type ComputedRef, type Ref } from 'vue'

import { ApiError } from '@/api/errors'
import { useAllTexts } from '@/composables/useAllTexts'
import { describe, describeWait } from '@/text/problems'
import { describeValue } from '@/text/values'

import { useCountdown } from './useCountdown'

/** What is wrong with each field, in the reader's language. */
export type FieldErrors<Field extends string> = Partial<Record<Field, string>>

export interface Form<Field extends string> {
  errors: FieldErrors<Field>
  /** What is wrong with the whole form; empty if nothing is. */
  problem: ComputedRef<string>
  /** The problem as it first read, if it counts seconds: nobody wants to hear each of them. */
  said: Readonly<Ref<string>>
  isBusy: Readonly<Ref<boolean>>
  /** Increases each time something is found wrong. */
  failures: Readonly<Ref<number>>
  /** Show `found` or, if it is empty, run `action` and show the server's errors. Returns whether all went well. */
  submit(found: FieldErrors<Field>, action: () => Promise<unknown>): Promise<boolean>
}

interface Options<Field extends string> {
  /** The form's fields by the server's names for them. */
  fields: Record<string, Field>
  /** What the server's error codes mean here: a text for the whole form, or for one field. */
  codes?: Record<string, () => string | FieldErrors<Field>>
}

/** The state of a form: what is wrong with it, how long to wait, and whether it is being submitted. */
export function useForm<Field extends string>({ fields, codes = {} }: Options<Field>): Form<Field> {
  const { t } = useAllTexts()
  const errors = reactive({}) as FieldErrors<Field>
  const text = ref('')
  const said = ref('')
  const waitUntil = ref<number | null>(null)
  const wait = useCountdown(waitUntil)
  const isBusy = ref(false)
  const failures = ref(0)

  const problem = computed(() => {
    if (waitUntil.value === null) return text.value
    return wait.value > 0 ? describeWait(wait.value * 1000, t) : ''
  })

  function show(found: FieldErrors<Field>, whole = ''): boolean {
    for (const field of Object.values(fields)) delete errors[field]
    Object.assign(errors, found)
    text.value = whole
    said.value = ''
    waitUntil.value = null
    if (whole || Object.keys(found).length > 0) failures.value += 1
    return Object.keys(found).length === 0
  }

  function explain(error: unknown): void {
    if (!(error instanceof ApiError)) {
      console.error(error)
      show({}, t('shell.errors.unexpected'))
      return
    }
    const known = codes[error.code]?.()
    const found = Object.entries(error.errors).flatMap(([name, sentences]) => {
      const field = fields[name]
      return field ? [[field, describeValue(sentences, t)]] : []
    })
    if (typeof known === 'string') show({}, known)
    else if (known !== undefined) show(known)
    else if (found.length > 0) show(Object.fromEntries(found) as FieldErrors<Field>)
    else show({}, describe(error, t))
    if (error.status !== 429 || error.retryAfterMs === null) return
    waitUntil.value = Date.now() + error.retryAfterMs
    said.value = problem.value
  }

  async function submit(found: FieldErrors<Field>, action: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value || !show(found)) return false
    isBusy.value = true
    try {
      await action()
      return true
    } catch (error) {
      explain(error)
      return false
    } finally {
      isBusy.value = false
    }
  }

  return { errors, problem, said, isBusy, failures, submit }
}
