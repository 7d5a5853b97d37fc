import type { emoji as en } from '../en/emoji'

export const emoji: typeof en = {
  search: '搜索表情',
  groups: '分类',
  found: '搜索结果',
  none: '没有找到表情。',
  count: '找到 {n} 个表情',
  failed: '表情加载失败。',
  recent: '最近使用',
  smileys: '表情与情感',
  people: '人物',
  animals: '动物与自然',
  food: '食物与饮料',
  travel: '旅行与地点',
  activities: '活动',
  objects: '物品',
  symbols: '符号',
  flags: '旗帜',
  tone: '肤色',
  tones: {
    none: '无肤色',
    light: '浅色',
    mediumLight: '中等浅色',
    medium: '中等',
    mediumDark: '中等深色',
    dark: '深色',
  },
}
