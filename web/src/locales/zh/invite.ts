import type { invite as en } from '../en/invite'

export const invite: typeof en = {
  open: '邀请',
  title: '邀请他人',
  text: '把链接发给想邀请加入 {name} 的人，或让对方扫码。',
  for: '邀请多少人？',
  people: '{n} 人',
  among: '{n} 人',
  make: '生成链接',
  link: '链接',
  code: '链接的二维码',
  until: '可供{people}使用，{time}前有效。',
  copy: '复制链接',
  copied: '链接已复制',
  notCopied: '无法自动复制，链接已选中，请手动复制。',
  share: '分享',
  message: '来 {name} 聊天吧',
}
