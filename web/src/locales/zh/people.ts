import type { AllMessages } from '../en/later'

export const people: AllMessages['people'] = {
  actions: '关于{name}的更多操作',
  block: '屏蔽',
  unblock: '取消屏蔽',
  unblockNamed: '取消屏蔽{name}',
  blockTitle: '屏蔽{name}？',
  blockText: '此后对方发的任何内容都不会到达你这里，以后也不会补发，对方不会知道。你可以随时取消屏蔽。',
  blocked: '已屏蔽{name}',
  unblocked: '已取消屏蔽{name}',
  blockedHere: '你已屏蔽{name}。',
  gone: '已注销的账号',
  deletedHere: '该账号已注销。',
  report: '举报',
}
