/** A session names its device by the browser's User-Agent: these turn it into what people call it. */

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\/|\bOpera\b/, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bMicroMessenger\//, 'WeChat'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrom(?:e|ium)\/|\bCriOS\/|\bHeadlessChrome\//, 'Chrome'],
  [/\bVersion\/\S+.*\bSafari\//, 'Safari'],
]

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bOpenHarmony\b|\bHarmonyOS\b/, 'HarmonyOS'],
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

export interface Device {
  /** Such as `Chrome · Android`; the client's own name if it is no browser; empty if it has none. */
  name: string
  isPhone: boolean
}

export function describeDevice(device: string): Device {
  const find = (known: typeof BROWSERS): string | undefined => known.find(([pattern]) => pattern.test(device))?.[1]
  const parts = device.startsWith('Mozilla/') ? [find(BROWSERS), find(SYSTEMS)].filter(Boolean) : []
  return {
    name: parts.join(' · ') || device,
    isPhone: /\b(?:iPhone|Android|Mobile|HarmonyOS)\b/.test(device),
  }
}
