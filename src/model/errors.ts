// Every error of the Kafka protocol, in one table: what an answer's error code means, whether a client
// may simply ask again, and the sentence that stands where the thrower has none of its own.

interface ErrorEntry {
  readonly code: number
  /** Whether the same request may succeed when sent again, as Kafka's clients take it. */
  readonly retriable: boolean
  readonly sentence: string
}

const final = (code: number, sentence: string): ErrorEntry => ({ code, retriable: false, sentence })
const retriable = (code: number, sentence: string): ErrorEntry => ({
  code,
  retriable: true,
  sentence,
})

/** The errors by Kafka's names, in the order of their codes. */
const errors = {
  UNKNOWN_SERVER_ERROR: final(-1, 'The broker met an error that it did not foresee.'),
  NONE: final(0, 'There is no error.'),
  OFFSET_OUT_OF_RANGE: final(1, 'The partition holds no such offset.'),
  CORRUPT_MESSAGE: retriable(2, 'The record batch is damaged: its checksum or its form is wrong.'),
  UNKNOWN_TOPIC_OR_PARTITION: retriable(3, 'This broker has no such topic or partition.'),
  INVALID_FETCH_SIZE: final(4, 'The size asked for in the fetch is not valid.'),
  LEADER_NOT_AVAILABLE: retriable(5, 'The partition has no leader at the moment.'),
  NOT_LEADER_OR_FOLLOWER: retriable(6, 'This broker does not serve the partition.'),
  REQUEST_TIMED_OUT: retriable(7, 'The request was not finished within its time.'),
  BROKER_NOT_AVAILABLE: final(8, 'The broker is not available.'),
  REPLICA_NOT_AVAILABLE: retriable(9, 'The replica asked for is not available.'),
  MESSAGE_TOO_LARGE: final(10, 'The record batch is larger than the topic allows.'),
  STALE_CONTROLLER_EPOCH: final(11, 'Another controller has taken over.'),
  OFFSET_METADATA_TOO_LARGE: final(12, 'The text stored with the offset is too long.'),
  NETWORK_EXCEPTION: retriable(13, 'The connection closed before the answer came.'),
  COORDINATOR_LOAD_IN_PROGRESS: retriable(14, 'The coordinator is still loading its state.'),
  COORDINATOR_NOT_AVAILABLE: retriable(15, 'The coordinator is not available.'),
  NOT_COORDINATOR: retriable(16, 'This broker is not the coordinator for that key.'),
  INVALID_TOPIC_EXCEPTION: final(17, 'The topic name is not valid.'),
  RECORD_LIST_TOO_LARGE: final(18, 'The record batch is larger than a segment may be.'),
  NOT_ENOUGH_REPLICAS: retriable(19, 'Fewer replicas are in sync than a write needs.'),
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: retriable(
    20,
    'The records were written, but to fewer replicas than asked for.',
  ),
  INVALID_REQUIRED_ACKS: final(21, 'The acks of a produce request must be -1, 0 or 1.'),
  ILLEGAL_GENERATION: final(22, 'The group is in another generation than the one named.'),
  INCONSISTENT_GROUP_PROTOCOL: final(
    23,
    'The member has no protocol in common with the others of its group.',
  ),
  INVALID_GROUP_ID: final(24, 'The group id is not valid.'),
  UNKNOWN_MEMBER_ID: final(25, 'The group has no member with that id.'),
  INVALID_SESSION_TIMEOUT: final(26, 'The session timeout lies outside what the broker allows.'),
  REBALANCE_IN_PROGRESS: final(27, 'The group is rebalancing; its members must join again.'),
  INVALID_COMMIT_OFFSET_SIZE: final(28, 'The offsets to be committed are too large.'),
  TOPIC_AUTHORIZATION_FAILED: final(29, 'This user may not do that with the topic.'),
  GROUP_AUTHORIZATION_FAILED: final(30, 'This user may not do that with the group.'),
  CLUSTER_AUTHORIZATION_FAILED: final(31, 'This user may not do that with the cluster.'),
  INVALID_TIMESTAMP: final(32, 'The timestamp of a record lies outside what the topic allows.'),
  UNSUPPORTED_SASL_MECHANISM: final(33, 'The broker does not offer that SASL mechanism.'),
  ILLEGAL_SASL_STATE: final(34, 'The request does not fit the state of the authentication.'),
  UNSUPPORTED_VERSION: final(35, 'The broker does not speak that version of the request.'),
  TOPIC_ALREADY_EXISTS: final(36, 'A topic with that name exists already.'),
  INVALID_PARTITIONS: final(37, 'The number of partitions is not valid.'),
  INVALID_REPLICATION_FACTOR: final(
    38,
    'The replication factor is below one or above the number of brokers.',
  ),
  INVALID_REPLICA_ASSIGNMENT: final(39, 'The assignment of replicas to brokers is not valid.'),
  INVALID_CONFIG: final(40, 'A config is unknown or has a value that is not valid.'),
  NOT_CONTROLLER: retriable(41, 'This broker is not the controller.'),
  INVALID_REQUEST: final(42, 'The request contradicts itself or is malformed.'),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: final(43, 'The record format does not support the request.'),
  POLICY_VIOLATION: final(44, 'The request violates a policy of the broker.'),
  OUT_OF_ORDER_SEQUENCE_NUMBER: final(
    45,
    'The sequence number does not follow the last one of this producer.',
  ),
  DUPLICATE_SEQUENCE_NUMBER: final(46, 'Records with these sequence numbers were written before.'),
  INVALID_PRODUCER_EPOCH: final(47, 'The producer writes with an epoch that is over.'),
  INVALID_TXN_STATE: final(48, 'The transaction is in no state that allows this.'),
  INVALID_PRODUCER_ID_MAPPING: final(
    49,
    'The producer id is not the one that the transactional id has now.',
  ),
  INVALID_TRANSACTION_TIMEOUT: final(50, 'The transaction timeout is not one the broker allows.'),
  CONCURRENT_TRANSACTIONS: retriable(
    51,
    'Another operation on the same transaction is not finished yet.',
  ),
  TRANSACTION_COORDINATOR_FENCED: final(52, 'Another transaction coordinator has taken over.'),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: final(
    53,
    'This user may not do that with the transactional id.',
  ),
  SECURITY_DISABLED: final(54, 'The broker runs without security.'),
  OPERATION_NOT_ATTEMPTED: final(55, 'Not tried, because another part of the request failed.'),
  KAFKA_STORAGE_ERROR: retriable(56, 'The disk failed while the log was read or written.'),
  LOG_DIR_NOT_FOUND: final(57, 'The broker has no such data folder.'),
  SASL_AUTHENTICATION_FAILED: final(58, 'The authentication failed.'),
  UNKNOWN_PRODUCER_ID: final(59, 'The partition remembers nothing of this producer id.'),
  REASSIGNMENT_IN_PROGRESS: final(60, 'The partition is being reassigned.'),
  DELEGATION_TOKEN_AUTH_DISABLED: final(61, 'Delegation tokens are switched off.'),
  DELEGATION_TOKEN_NOT_FOUND: final(62, 'There is no such delegation token.'),
  DELEGATION_TOKEN_OWNER_MISMATCH: final(63, 'The user neither owns nor may renew the token.'),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: final(
    64,
    'Delegation tokens cannot be asked for over this kind of connection.',
  ),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: final(65, 'This user may not do that with the token.'),
  DELEGATION_TOKEN_EXPIRED: final(66, 'The delegation token has expired.'),
  INVALID_PRINCIPAL_TYPE: final(67, 'Principals of that type are not supported.'),
  NON_EMPTY_GROUP: final(68, 'The group still has members.'),
  GROUP_ID_NOT_FOUND: final(69, 'There is no such group.'),
  FETCH_SESSION_ID_NOT_FOUND: retriable(70, 'There is no such fetch session.'),
  INVALID_FETCH_SESSION_EPOCH: retriable(71, 'The fetch session is at another epoch.'),
  LISTENER_NOT_FOUND: retriable(72, 'The leader has no listener of that name.'),
  TOPIC_DELETION_DISABLED: final(73, 'The deletion of topics is switched off.'),
  FENCED_LEADER_EPOCH: retriable(74, 'The leader epoch of the request is older than the broker’s.'),
  UNKNOWN_LEADER_EPOCH: retriable(
    75,
    'The leader epoch of the request is newer than the broker’s.',
  ),
  UNSUPPORTED_COMPRESSION_TYPE: final(
    76,
    'This version of the request cannot carry that compression.',
  ),
  STALE_BROKER_EPOCH: final(77, 'The broker has registered again since.'),
  OFFSET_NOT_AVAILABLE: retriable(78, 'The new leader does not know the end of the log yet.'),
  MEMBER_ID_REQUIRED: final(79, 'The member must join again with the id it was given.'),
  PREFERRED_LEADER_NOT_AVAILABLE: retriable(80, 'The preferred leader is not available.'),
  GROUP_MAX_SIZE_REACHED: final(81, 'The group has as many members as it may have.'),
  FENCED_INSTANCE_ID: final(82, 'Another member has joined with the same instance id.'),
  ELIGIBLE_LEADERS_NOT_AVAILABLE: retriable(83, 'No replica that could lead is available.'),
  ELECTION_NOT_NEEDED: retriable(84, 'The partition needs no election.'),
  NO_REASSIGNMENT_IN_PROGRESS: final(85, 'The partition is not being reassigned.'),
  GROUP_SUBSCRIBED_TO_TOPIC: final(86, 'The group still reads the topic.'),
  INVALID_RECORD: final(87, 'A record or its batch is not valid.'),
  UNSTABLE_OFFSET_COMMIT: retriable(88, 'A transaction that commits these offsets is still open.'),
  THROTTLING_QUOTA_EXCEEDED: retriable(89, 'The quota is used up for now.'),
  PRODUCER_FENCED: final(90, 'A newer producer has taken over the transactional id.'),
  RESOURCE_NOT_FOUND: final(91, 'There is no such resource.'),
  DUPLICATE_RESOURCE: final(92, 'The request names one resource twice.'),
  UNACCEPTABLE_CREDENTIAL: final(93, 'The credential does not meet the requirements.'),
  INCONSISTENT_VOTER_SET: final(94, 'Sender and receiver do not agree on the set of voters.'),
  INVALID_UPDATE_VERSION: final(95, 'That version cannot be updated to.'),
  FEATURE_UPDATE_FAILED: final(96, 'The features could not be updated.'),
  PRINCIPAL_DESERIALIZATION_FAILURE: final(97, 'The forwarded principal could not be read.'),
  SNAPSHOT_NOT_FOUND: final(98, 'There is no such snapshot.'),
  POSITION_OUT_OF_RANGE: final(99, 'The snapshot has no such position.'),
  UNKNOWN_TOPIC_ID: retriable(100, 'This broker has no topic with that id.'),
  DUPLICATE_BROKER_REGISTRATION: final(101, 'Another broker has that id.'),
  BROKER_ID_NOT_REGISTERED: final(102, 'No broker with that id is registered.'),
  INCONSISTENT_TOPIC_ID: retriable(103, 'The partition belongs to a topic with another id.'),
  INCONSISTENT_CLUSTER_ID: final(104, 'The request names another cluster.'),
  TRANSACTIONAL_ID_NOT_FOUND: final(105, 'There is no such transactional id.'),
  FETCH_SESSION_TOPIC_ID_ERROR: retriable(
    106,
    'The fetch session mixes topics by name with topics by id.',
  ),
  INELIGIBLE_REPLICA: final(107, 'A replica named is not eligible.'),
  NEW_LEADER_ELECTED: final(108, 'The change was made and brought another leader.'),
  OFFSET_MOVED_TO_TIERED_STORAGE: final(109, 'The offset is in tiered storage only.'),
  FENCED_MEMBER_EPOCH: final(
    110,
    'The member’s epoch is over; it must give up its partitions and join again.',
  ),
  UNRELEASED_INSTANCE_ID: final(111, 'Another member still holds the instance id.'),
  UNSUPPORTED_ASSIGNOR: final(112, 'The group does not support that assignor.'),
  STALE_MEMBER_EPOCH: final(113, 'The member has a newer epoch, which its heartbeat tells.'),
  MISMATCHED_ENDPOINT_TYPE: final(114, 'The request went to the wrong type of endpoint.'),
  UNSUPPORTED_ENDPOINT_TYPE: final(115, 'That type of endpoint is not supported.'),
  UNKNOWN_CONTROLLER_ID: final(116, 'There is no controller with that id.'),
  UNKNOWN_SUBSCRIPTION_ID: final(117, 'The telemetry subscription is unknown or outdated.'),
  TELEMETRY_TOO_LARGE: final(118, 'The pushed telemetry is larger than the broker accepts.'),
  INVALID_REGISTRATION: final(119, 'The broker’s registration is not valid.'),
  TRANSACTION_ABORTABLE: final(120, 'The transaction failed; it can be aborted to go on.'),
  INVALID_RECORD_STATE: final(121, 'The record is in no state that this acknowledgement fits.'),
  SHARE_SESSION_NOT_FOUND: retriable(122, 'There is no such share session.'),
  INVALID_SHARE_SESSION_EPOCH: retriable(123, 'The share session is at another epoch.'),
  FENCED_STATE_EPOCH: final(124, 'The state epoch of the share group is another one.'),
  INVALID_VOTER_KEY: final(125, 'The voter’s key is not the one of the replica asked.'),
  DUPLICATE_VOTER: final(126, 'The voter belongs to the set already.'),
  VOTER_NOT_FOUND: final(127, 'The voter does not belong to the set.'),
  INVALID_REGULAR_EXPRESSION: final(128, 'The regular expression is not valid.'),
  REBOOTSTRAP_REQUIRED: final(129, 'The client’s metadata is stale; it must bootstrap again.'),
  STREAMS_INVALID_TOPOLOGY: final(130, 'The topology is not valid.'),
  STREAMS_INVALID_TOPOLOGY_EPOCH: final(131, 'The topology epoch is not valid.'),
  STREAMS_TOPOLOGY_FENCED: final(132, 'The topology epoch is outdated.'),
  SHARE_SESSION_LIMIT_REACHED: retriable(133, 'There are as many share sessions as there may be.'),
  GROUP_DELETION_FAILED: final(134, 'The group could not be deleted.'),
  STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED: final(
    135,
    'The description of the topology could not be stored.',
  ),
  CONTROLLER_ID_NOT_REGISTERED: final(136, 'No controller with that id is registered.'),
} as const satisfies Record<string, ErrorEntry>

/** The name of an error of the Kafka protocol, as Kafka spells it. */
export type ErrorName = keyof typeof errors

/** An error that is an answer: thrown below, turned into its code where the answer is made. */
export class KafkaError extends Error {
  readonly errorName: ErrorName
  readonly code: number

  constructor(errorName: ErrorName, sentence: string = errors[errorName].sentence) {
    super(sentence)
    this.name = 'KafkaError'
    this.errorName = errorName
    this.code = errors[errorName].code
  }
}

/** Returns the error of that name, to be thrown; with no sentence of its own it has the table's. */
export const kafkaError = (errorName: ErrorName, sentence?: string): KafkaError =>
  new KafkaError(errorName, sentence)

/** Returns the number that stands for the error on the wire. */
export const codeOf = (errorName: ErrorName): number => errors[errorName].code

/** Says whether a client may send the same request again, as Kafka's clients decide it. */
export const isRetriable = (errorName: ErrorName): boolean => errors[errorName].retriable

/** Returns the name behind an error code; a code that Kafka does not have is an UNKNOWN_SERVER_ERROR. */
export const errorNameOf = (code: number): ErrorName => byCode.get(code) ?? 'UNKNOWN_SERVER_ERROR'

/** Every error name, in the order of the codes. */
export const errorNames = Object.keys(errors) as readonly ErrorName[]

const byCode: ReadonlyMap<number, ErrorName> = new Map(
  errorNames.map((name) => [errors[name].code, name]),
)
