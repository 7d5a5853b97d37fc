import type { welcome as en } from '../en/welcome'

export const welcome: typeof en = {
  title: '你是管理员',
  text: '这里的第一个账号是你的。接下来可以：',
  invite: {
    open: '邀请他人：有链接的人都可以注册。',
    invite: '邀请他人：每人需要带邀请码的链接，可在这里生成。',
    closed: '注册已关闭，请在服务器上用 chatd user add NAME 为他人创建账号。',
  },
  name: '为社区设置名称和图片：chatd.toml 中 [web] 下的 name 和 picture。',
  named: '如果还没有图片，可为 {name} 设置：chatd.toml 中 [web] 下的 picture。',
  backUp: '另存一份备份：chatd 每天自动备份，也可用 chatd backup FILE 备份到别处。',
}
