import type { signOut as en } from '../en/signOut'

export const signOut: typeof en = {
  title: '退出登录并丢弃未发送的内容？',
  simply: '退出登录？',
  text: '以下内容只保存在这台设备上，退出登录会将其删除。',
  nothing: '现在已全部发送。',
  messages: '{n} 条消息未发送',
  drafts: '{n} 份草稿',
  edits: '{n} 处编辑未保存',
  somebody: '另一个会话',
  others: '以及另外 {n} 个会话',
  waiting: '如果保持登录，等待中的消息会在恢复连接后立即发送。',
  stay: '保持登录',
  lose: '退出并删除',
}
