import type { finding as en } from '../en/finding'

export const finding: typeof en = {
  find: '找人',
  search: '搜索用户',
  searchHint: '按昵称或用户名搜索',
  results: '用户',
  noResults: '没有找到“{q}”。',
  nobody: '这里还没有其他人。',
  searchFailed: '搜索失败，请重试。',
  shown: '已显示 {n} 人，还有更多 | 已显示 {n} 人，还有更多',
  shownAll: '已显示 {n} 人，没有更多了 | 已显示 {n} 人，没有更多了',
  go: '前往',
  goHint: '用户、页面或操作',
  destinations: '去向',
  nothing: '没有找到“{q}”。',
  ownPage: '我的资料',
}
