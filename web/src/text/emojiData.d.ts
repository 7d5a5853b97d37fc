/** Made by build/emoji.ts. */
declare module 'virtual:data/emoji-*' {
  const groups: readonly (readonly [emoji: string, name: string, words: string, hasTones: 0 | 1])[][]
  export default groups
}
