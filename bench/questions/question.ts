/** What one run measured, each figure by its name and unit. */
export type Figure = Readonly<Record<string, number>>

export type BrokerName = 'odradek' | 'kafka'

/**
 * In which state a broker is asked. `fresh`: just started. `hot`: it has served 300,000 small requests.
 * `flushed`: as `hot`, and Kafka syncs each append (`flush.messages=1`), which ours always does for `acks=all`.
 */
export type Condition = 'fresh' | 'hot' | 'flushed'

/** Something to be measured, on whichever broker. */
export interface Question {
  name: string
  title: string
  /** Those that Kafka is measured in, and ours beside it; `fresh` where none are said. */
  conditions?: readonly Condition[]
  ask(broker: BrokerName, condition: Condition): Promise<Figure>
  /** Removes what was kept between the runs. */
  end?(): Promise<void>
}
