import type { Database } from '#world'

type Configs = Readonly<Record<string, string>>

/** The configs that groups have for themselves, whether the group exists or not. */
export class GroupConfigs {
  readonly #database: Database
  readonly #configs = new Map<string, Configs>()
  /** Changes follow each other: each begins with what the one before has left. */
  #last: Promise<void> = Promise.resolve()

  constructor(database: Database) {
    this.#database = database
  }

  /** Reads them all; the tables of groups must be there. */
  async start(): Promise<void> {
    const [rows] = await this.#database.write([{ sql: 'SELECT * FROM group_configs' }])
    for (const { group_id, name, value } of rows!)
      this.#configs.set(String(group_id), {
        ...this.of(String(group_id)),
        [String(name)]: String(value),
      })
  }

  /** What a group has for itself, as it was given. */
  of(groupId: string): Configs {
    return this.#configs.get(groupId) ?? none
  }

  /**
   * Replaces what a group has for itself by what `change` makes of it; `change` may throw. With
   * `validateOnly` nothing is changed.
   */
  configure(
    groupId: string,
    change: (configs: Configs) => Configs,
    validateOnly: boolean,
  ): Promise<void> {
    const changed = this.#last.then(async () => {
      const configs = change(this.of(groupId))
      if (validateOnly) return
      await this.#database.write([
        { sql: 'DELETE FROM group_configs WHERE group_id = ?', values: [groupId] },
        {
          sql: 'INSERT INTO group_configs VALUES (?, ?, ?)',
          runs: Object.entries(configs).map(([name, value]) => [groupId, name, value]),
        },
      ])
      if (Object.keys(configs).length === 0) this.#configs.delete(groupId)
      else this.#configs.set(groupId, configs)
    })
    // Whoever asked for a change that fails hears of it.
    this.#last = changed.catch(() => undefined)
    return changed
  }
}

const none: Configs = {}
