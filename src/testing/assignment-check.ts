import type { AssignorMember, Partitions } from '#coordinators'

/** Says in sentences what is wrong with an assignment: partitions unowned, owned twice, or unasked for. */
export const assignmentFaults = (
  members: readonly AssignorMember[],
  partitionCounts: Readonly<Record<string, number>>,
  assignment: ReadonlyMap<string, Partitions>,
): string[] => {
  const faults: string[] = []
  const owners = new Map<string, string>()
  for (const [memberId, topics] of assignment) {
    const subscribed = members.find((member) => member.memberId === memberId)?.topicIds ?? []
    for (const [topicId, partitions] of Object.entries(topics))
      for (const partition of partitions) {
        const name = `${topicId}-${partition}`
        const owner = owners.get(name)
        if (owner !== undefined) faults.push(`${name} is owned by ${owner} and ${memberId}`)
        if (!subscribed.includes(topicId)) faults.push(`${memberId} did not ask for ${name}`)
        if (partition >= (partitionCounts[topicId] ?? 0)) faults.push(`${name} does not exist`)
        owners.set(name, memberId)
      }
  }
  for (const topicId of new Set(members.flatMap((member) => member.topicIds)))
    for (let partition = 0; partition < (partitionCounts[topicId] ?? 0); partition += 1)
      if (!owners.has(`${topicId}-${partition}`))
        faults.push(`${topicId}-${partition} has no owner`)
  return faults
}
