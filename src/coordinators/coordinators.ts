// State machines of groups: pure, synchronous, stored by whoever runs them.
export {
  type Assignor,
  type AssignorMember,
  assignorNamed,
  assignorNames,
  type Partitions,
} from './consumer/assignors/assignors.ts'
