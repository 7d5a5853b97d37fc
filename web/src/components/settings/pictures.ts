/** The largest picture that the server accepts, in bytes. */
export const AVATAR_MAX_BYTES = 2 * 1024 * 1024

/** The size that the server scales every picture to, in pixels. */
const AVATAR_SIZE = 512

/** Make a photo small enough to send. Returns null if the browser cannot read it. */
export async function shrink(file: Blob): Promise<Blob | null> {
  const bitmap = await createImageBitmap(file).catch(() => null)
  if (!bitmap) return null
  const scale = Math.min(1, AVATAR_SIZE / Math.min(bitmap.width, bitmap.height))
  const canvas = document.createElement('canvas')
  canvas.width = Math.max(1, Math.round(bitmap.width * scale))
  canvas.height = Math.max(1, Math.round(bitmap.height * scale))
  const context = canvas.getContext('2d')
  if (context) {
    context.imageSmoothingQuality = 'high'
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  }
  bitmap.close()
  if (!context) return null
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/webp', 0.9))
  return blob && blob.size <= AVATAR_MAX_BYTES ? blob : null
}
