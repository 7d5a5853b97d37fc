import type { EventData } from '@/api/wire'
import { useToast } from '@/components/ui/toasts'
import { useAllTexts } from '@/composables/useAllTexts'
import { languageTag } from '@/i18n'
import { isDeed } from '@/model/moderation'
import { fullTime, regional } from '@/text/times'

/**
 * Tell somebody what an admin has done to them. It stays until they have read it, but for what was taken back.
 *
 * @param group what the group is called, or was while they were in it.
 */
export function tell({ kind, reason, until, undone }: EventData['moderated'], group: string | undefined): void {
  const { t } = useAllTexts()
  const { show } = useToast()
  const values = {
    group: group ?? t('moderation.told.group'),
    when: until === null ? '' : fullTime(new Date(until), regional(languageTag())),
  }
  if (undone) show(t('moderation.told.undone', values))
  else if (isDeed(kind)) {
    const text = t(`moderation.told.${kind}`, values)
    show(reason ? t('moderation.told.reason', { text, reason }) : text, { stays: true })
  }
}
