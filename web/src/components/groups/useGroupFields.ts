import { ref, type Ref } from 'vue'

import type { FieldErrors } from '@/composables/useForm'
import { useAllTexts } from '@/composables/useAllTexts'
import { lengthOf } from '@/text/rules'

/** The longest name and description, in characters. */
const NAME_MAX = 80
const DESCRIPTION_MAX = 1000

/** The fields that say what a group is. */
export function useGroupFields(): {
  name: Ref<string>
  description: Ref<string>
  check: () => FieldErrors<'name' | 'description'>
} {
  const { t } = useAllTexts()
  const name = ref('')
  const description = ref('')

  function check(): FieldErrors<'name' | 'description'> {
    const length = lengthOf(name.value.trim())
    return {
      ...(length === 0 || length > NAME_MAX ? { name: t('groups.nameMissing') } : {}),
      ...(lengthOf(description.value) > DESCRIPTION_MAX ? { description: t('groups.descriptionLong') } : {}),
    }
  }

  return { name, description, check }
}
