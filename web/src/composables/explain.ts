import { useI18n } from '@/i18n'

/** Describe an error in the reader's language. The words are loaded with the first error there is. */
export async function explain(error: unknown): Promise<string> {
  try {
    const [{ describe }, { useAllTexts }] = await Promise.all([import('@/text/problems'), import('./useAllTexts')])
    return describe(error, useAllTexts().t)
  } catch {
    return useI18n().t('shell.errors.network')
  }
}
