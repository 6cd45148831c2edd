import { AlterConfigs } from '#protocol'
import { changeTopicConfigs } from '#settings'
import { alterConfigsOf } from './alter-configs.ts'
import { handler } from './kit.ts'

const set = 0

/** Replaces all that a topic has set for itself; what is not named goes back to the broker's. */
export const alterConfigs = handler(AlterConfigs, async (request, context) => ({
  responses: await alterConfigsOf(request, context, ({ configs }) =>
    changeTopicConfigs(
      {},
      configs.map((config) => ({ ...config, configOperation: set })),
      context.settings,
    ),
  ),
}))
