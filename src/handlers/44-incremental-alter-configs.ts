import { IncrementalAlterConfigs } from '#protocol'
import { alterConfigsOf } from './alter-configs.ts'
import { handler } from './kit.ts'

/** Changes settings of topics and groups one by one (KIP-339); each resource stands or falls as a whole. */
export const incrementalAlterConfigs = handler(
  IncrementalAlterConfigs,
  async (request, context) => ({
    responses: await alterConfigsOf(request, context, ({ configs }, before, make) =>
      make(before, configs),
    ),
  }),
)
