/** Where a user's unsent messages and drafts are kept in `localStorage`. */
export const outboxKey = (me: number, clientId = ''): string => `chatd.outbox.${me}.${clientId}`
export const draftKey = (me: number, userId: number | '' = ''): string => `chatd.draft.${me}.${userId}`
