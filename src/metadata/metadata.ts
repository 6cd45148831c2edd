// What the broker knows about itself and its topics: rows in a database, and an image of them in memory.
export { Catalog } from './catalog.ts'
export { GroupConfigs } from './group-configs.ts'
export { SqlGroupStore } from './group-store.ts'
export type { Topic } from './image.ts'
export { ProducerIds } from './producer-ids.ts'
export { MetadataStore } from './store.ts'
export type { CreatedTopic, TopicSpec } from './topic-creation.ts'
export { SqlTransactionStore } from './transaction-store.ts'
