/** What the menu of a message offers directly, and the picker to somebody who has used none yet. */
export const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🎉'] as const
