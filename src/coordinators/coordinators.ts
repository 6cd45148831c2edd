// State machines of groups: pure, synchronous, stored by whoever runs them.
export {
  type Assignor,
  type AssignorMember,
  assignorNamed,
  assignorNames,
  type Partitions,
} from './consumer/assignors/assignors.ts'
export { applyClassic } from './consumer/classic/apply.ts'
export type * from './consumer/classic/commands.ts'
export { decideClassic } from './consumer/classic/decide.ts'
export type { StoredClassicEvent } from './consumer/classic/events.ts'
export { type ClassicEvent, isStoredClassic } from './consumer/classic/events.ts'
export { classicFromRows, classicRowsOf } from './consumer/classic/rows.ts'
export {
  type ClassicSettings,
  classicDefaults,
  classicSettings,
} from './consumer/classic/settings.ts'
export { type ClassicPhase, type ClassicState, newClassicState } from './consumer/classic/state.ts'
export {
  joinStep,
  memberStep,
  syncStep,
  type Target as GroupTarget,
} from './consumer/classic-requests.ts'
export {
  type GroupReply,
  type GroupStep,
  groupMachinery,
  newClassicGroup,
  type SurroundingsOf,
} from './consumer/group-machine.ts'
export { ConsumerGroups, type OffsetDeletion } from './consumer/groups.ts'
export { applyModern } from './consumer/modern/apply.ts'
export type { ClassicGroup, ClassicGroupMember } from './consumer/modern/classic-group.ts'
export type * from './consumer/modern/commands.ts'
export { decideModern } from './consumer/modern/decide.ts'
export { groupStateOf, isSubscribedTo } from './consumer/modern/describe.ts'
export {
  isStored,
  type ModernEvent,
  type StoredModernEvent,
  type TimerName,
} from './consumer/modern/events.ts'
export type * from './consumer/modern/member.ts'
export { patternMatcher } from './consumer/modern/regex.ts'
export {
  type ModernTable,
  modernTableKeys,
  type RowChange,
  rowChangesOf,
} from './consumer/modern/row-changes.ts'
export { groupFromRows, type ModernRows, rowsOf } from './consumer/modern/rows.ts'
export {
  type MigrationPolicy,
  type ModernGroupSettings,
  modernGroupDefaults,
  modernGroupSettings,
} from './consumer/modern/settings.ts'
export { type ModernGroup, newModernGroup } from './consumer/modern/state.ts'
export { type KnownTopic, type TopicsImage, topicsImage } from './consumer/modern/topics.ts'
export { heartbeatStep, type SaidHeartbeat } from './consumer/modern-requests.ts'
export type { Committer, OffsetReader } from './consumer/offset-requests.ts'
export type { CommittedOffset, ExpiryRule, OffsetPartition } from './consumer/offsets/committed.ts'
export type { GroupChange, GroupMachine, GroupStore, StoredGroup } from './consumer/store.ts'
export type { Decision, Settled } from './machine.ts'
export {
  type Command,
  type Machinery,
  type MachineStore,
  Runtime,
  type Step,
  type Time,
} from './runtime.ts'
export { TransactionalAppends } from './transactions/appends.ts'
export { applyTransaction } from './transactions/apply.ts'
export type * from './transactions/commands.ts'
export { decideTransaction } from './transactions/decide.ts'
export {
  isStoredTransaction,
  type StoredTransactionEvent,
  type TransactionEvent,
} from './transactions/events.ts'
export type { OpenTransaction, TransactionLog, TransactionMarker } from './transactions/log.ts'
export { type TransactionSettings, transactionSettings } from './transactions/settings.ts'
export {
  newTransaction,
  type ProducerIdentity,
  partitionKey,
  type TransactionFacts,
  type TransactionPhase,
  type TransactionState,
  type TransactionVersion,
  transactionPhases,
} from './transactions/state.ts'
export type { TransactionChange, TransactionStore } from './transactions/store.ts'
export { type Asking, type ProducerIdSource, Transactions } from './transactions/transactions.ts'
