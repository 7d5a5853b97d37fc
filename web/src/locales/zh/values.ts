import type { values as en } from '../en/values'

export const values: typeof en = {
  common: '该密码过于常见，请换一个。',
  likeUsername: '密码不能与用户名相同。',
  scripts: '只能使用同一种文字的字母和数字，因为有些外形相同。',
  invisible: '请去掉不可见字符和改变文字方向的字符。',
  length: '长度不符合要求。',
  other: '服务器不接受此内容，请重新填写。',
}
