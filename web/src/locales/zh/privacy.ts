import type { privacy as en } from '../en/privacy'

export const privacy: typeof en = {
  list: {
    title: '已屏蔽的人',
    text: '他们发的内容不会到达你这里。',
    none: '你没有屏蔽任何人。',
    since: '{time}屏蔽',
  },
  data: {
    title: '你的数据',
    text: '把你的全部数据打包为一个文件，既可用浏览器阅读，也可供程序读取。',
    export: '下载我的数据',
    tooOften: '你刚刚已多次下载数据，请一小时后再试。',
  },
  remove: {
    title: '注销账号',
    text: '你的名字、头像和你写的一切都将消失，其他人也无法再看到。此操作无法撤销。',
    open: '注销我的账号',
    confirmTitle: '注销你的账号？',
    password: '你的密码',
    confirm: '永久注销',
    wrong: '密码不正确。',
    needed: '请输入密码。',
  },
}
