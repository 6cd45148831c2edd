/** What one run measured, each figure by its name and unit. */
export type Figure = Readonly<Record<string, number>>

/** Something to be measured, on whichever broker. */
export interface Question {
  name: string
  title: string
  ask(broker: 'odradek' | 'kafka'): Promise<Figure>
  /** Removes what was kept between the runs. */
  end?(): Promise<void>
}
