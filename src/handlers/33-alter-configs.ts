import { AlterConfigs } from '#protocol'
import { alterConfigsOf } from './alter-configs.ts'
import { handler } from './kit.ts'

const set = 0

/** Replaces all that a topic or a group has set for itself; what is not named goes back to the broker's. */
export const alterConfigs = handler(AlterConfigs, async (request, context) => ({
  responses: await alterConfigsOf(request, context, ({ configs }, _, make) =>
    make(
      {},
      configs.map((config) => ({ ...config, configOperation: set })),
    ),
  ),
}))
