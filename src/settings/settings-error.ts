/** The settings cannot be used; the message is one sentence on what is wrong and what would be right. */
export class SettingsError extends Error {
  constructor(sentence: string) {
    super(sentence)
    this.name = 'SettingsError'
  }
}
