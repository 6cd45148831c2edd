import type { Settings } from '#settings'

export const localLogSettings = (settings: Settings) => ({ folder: settings.folder })
