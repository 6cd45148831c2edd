import { KafkaError } from '#model'
import type { Api, Exact, RequestOf, ResponseInput } from '#protocol'
import { itemsAtOnceMax } from './limits.ts'
import type { Peer } from './peer.ts'

/** The request's circumstances. */
export interface Call {
  version: number
  clientId: string | null
  peer: Peer
}

/** What a handler gives back when no response is to be sent (Produce with `acks=0`). */
export const noResponse = Symbol('no response')
export type NoResponse = typeof noResponse

/** How a handler differs from one that is answered before the connection's next request begins. */
export interface HandlerOptions {
  /** The versions ApiVersions names, where they are more than the schema's (Produce, KAFKA-18659). */
  advertised?: readonly [first: number, last: number]
  /** Its first stage runs before it returns, and then the connection's next request may begin. */
  twoStage?: boolean
  /** It needs the bytes of the request until it has answered. */
  keepsFrame?: boolean
}

/** One API with what serves it, bound to a broker's context by the dispatcher. */
export interface Handler<Context> {
  readonly api: Api
  readonly advertised: readonly [first: number, last: number]
  readonly twoStage: boolean
  readonly keepsFrame: boolean
  serve(request: unknown, context: Context, call: Call): unknown
}

/** An API as ApiVersions names it. */
export interface ServedApi {
  key: number
  name: string
  versions: readonly [first: number, last: number]
}

type Reply<A extends Api> = ResponseInput<A> | NoResponse

/**
 * The function with which a broker's handlers are declared. Request and reply have the schema's types,
 * and a reply with a field that the schema does not have is refused by the compiler.
 */
export const handlerKit =
  <Context>() =>
  <A extends Api, R extends Reply<A>>(
    api: A,
    serve: (
      request: RequestOf<A>,
      context: Context,
      call: Call,
    ) => Exact<Reply<A>, R> | Promise<Exact<Reply<A>, R>>,
    options: HandlerOptions = {},
  ): Handler<Context> => ({
    api,
    advertised: options.advertised ?? stableVersions(api),
    twoStage: options.twoStage ?? false,
    keepsFrame: options.keepsFrame ?? false,
    serve: serve as Handler<Context>['serve'],
  })

/** A last version that Kafka may still change is not offered. */
const stableVersions = ({ versions: [first, last], unstable }: Api): [number, number] => [
  first,
  unstable ? last - 1 : last,
]

/** What an error becomes in an answer: its code, and its sentence where the version has room for one. */
export interface ErrorAnswer {
  errorCode: number
  errorMessage: string
}

/** The one place where an error that was thrown becomes a code; anything but a `KafkaError` is thrown on. */
export const answerOf = (error: unknown): ErrorAnswer => {
  if (!(error instanceof KafkaError)) throw error
  return { errorCode: error.code, errorMessage: error.message }
}

/**
 * Answers each item for itself: one that throws a `KafkaError` answers with its code, the others
 * stand. `identity` names the item in either case. Only what is a promise is awaited.
 */
export const perItem = <Item, Identity extends object, Answer extends object>(
  items: readonly Item[],
  identity: (item: Item) => Identity,
  answer: (item: Item) => Answer | Promise<Answer>,
): Promise<(Identity & (Answer | { errorCode: number }))[]> =>
  each(items, identity, answer, ({ errorCode }) => ({ errorCode }))

/** As `perItem`, for answers that also have room for a sentence. */
export const perItemWithMessage = <Item, Identity extends object, Answer extends object>(
  items: readonly Item[],
  identity: (item: Item) => Identity,
  answer: (item: Item) => Answer | Promise<Answer>,
): Promise<(Identity & (Answer | ErrorAnswer))[]> => each(items, identity, answer, (error) => error)

const each = <Item, Identity extends object, Answer extends object, Failure extends object>(
  items: readonly Item[],
  identity: (item: Item) => Identity,
  answer: (item: Item) => Answer | Promise<Answer>,
  failure: (error: ErrorAnswer) => Failure,
): Promise<(Identity & (Answer | Failure))[]> =>
  inSlices(items, async (item) => {
    try {
      const answered = answer(item)
      return { ...identity(item), ...(answered instanceof Promise ? await answered : answered) }
    } catch (error) {
      return { ...identity(item), ...failure(answerOf(error)) }
    }
  })

/**
 * Answers items in their order, some at a time: a request that names very many, and has to look each of them up,
 * leaves the event loop to others in between.
 */
export const inSlices = async <Item, Answer>(
  items: readonly Item[],
  answer: (item: Item) => Answer | Promise<Answer>,
): Promise<Answer[]> => {
  const answers: Answer[] = []
  for (let begin = 0; begin < items.length; begin += itemsAtOnceMax)
    answers.push(...(await Promise.all(items.slice(begin, begin + itemsAtOnceMax).map(answer))))
  return answers
}
