/**
 * How often all topics are gone over when subscriptions differ. Groups seen so far are even after
 * three; what is left uneven after this many is left so, since the next rebalance goes on.
 */
export const balancingRoundsMax = 16
