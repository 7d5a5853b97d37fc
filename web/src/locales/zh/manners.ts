import type { AllMessages } from '../en/later'

export const manners: AllMessages['manners'] = {
  newVersion: '新版本已就绪',
  reload: '重新加载',
  install: '安装 {name}',
  installHint: '像其他应用一样，在独立窗口中打开 {name}。',
}
