import type { profile as en } from '../en/profile'

export const profile: typeof en = {
  page: '个人资料',
  pageFailed: '无法加载此个人资料。',
  write: '发消息',
  read: '查看会话',
  editSelf: '编辑我的资料',
  about: '简介',
  since: '加入时间',
}
