import type { groups as en } from '../en/groups'

export const groups: typeof en = {
  members: '{n} 位成员',
  page: '群',
  muted: '已静音',
  none: '没有这个群',
  noneHint: '它可能已解散，或未对你开放。',
  loadFailed: '无法加载这个群。',
  empty: '这里还没有人说话',
  emptyHint: '和大家打个招呼吧。',
  adminsOnly: '只有管理员可以在这个群里发言。',
  history: {
    beginning: '{name}从这里开始。',
    joined: '你能看到自己加入以来（{when}）的消息。',
    since: '你能看到{when}以来的消息。',
    newAll: '新成员能看到{when}以来的所有消息。',
    newJoined: '新成员只能看到自己加入以后的消息。',
  },
  notes: {
    joined: '{names}加入了群',
    left: '{names}退出了群',
    owner: '{names}现在是群主',
    admin: '{names}现在是管理员',
    member: '{names}不再是管理员',
    more: '另外 {n} 人',
    you: '我',
  },
}
