import type { report as en } from '../en/report'

export const report: typeof en = {
  person: '举报{name}？',
  which: '请选择一条能说明问题的消息，服务器管理员将会看到它。',
  nothing: '你们的会话中没有对方发来的、可以举报的消息。',
  title: '举报这条消息？',
  text: '服务器管理员会收到这条消息的副本和你填写的理由。',
  reason: '这条消息有什么问题？',
  reasonNeeded: '请简单说明问题。',
  reasonLong: '最多 {max} 个字符。',
  done: '已举报，谢谢。',
  deleted: '这条消息已被删除。',
}
