/** The limits of docs/protocol.md on what people enter, in code points. */
export const LIMITS = { content: 2000, nickname: 50, bio: 500, reason: 500, username: { min: 3, max: 50 } } as const
