/** A short list of common reactions; the keyboard of the device has the rest. */
export const EMOJI = {
  smileys: '😀 😃 😄 😁 😆 😅 😂 🙂 😉 😊 😍 😘 😎 🤔 😐 🙄 😮 😢 😭 😡 😴 🤯 🥳 😇',
  gestures: '👍 👎 👌 🙏 👏 🙌 💪 👋 🤝 🤞 ✌️ 👀',
  hearts: '❤️ 🧡 💛 💚 💙 💜 🖤 🤍 💔 💯 🔥 ✨',
  nature: '🐶 🐱 🐼 🦊 🐧 🐢 🌸 🌻 🌳 ☀️ 🌙 🌈',
  food: '☕ 🍵 🍎 🍰 🍕 🍜 🍺 🍷',
  things: '🎉 🎁 🎂 🎵 📷 💡 📌 ✅ ❌ ❓ ⏰ 🚀',
} as const

export type EmojiGroup = keyof typeof EMOJI

/** What the menu of a message offers directly. */
export const QUICK = ['👍', '❤️', '😂', '😮', '😢', '🎉'] as const
