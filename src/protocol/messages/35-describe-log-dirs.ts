import { api, array, boolean, errorCode, int32, int64, string, throttleTimeMs } from '../schema.ts'

/** DescribeLogDirs: the folders of a broker and what partitions take there (KIP-113, KIP-827). */
export const DescribeLogDirs = api(35, 'DescribeLogDirs', {
  versions: [1, 5],
  flexible: 2,
  request: {
    topics: array({
      topic: string,
      partitions: array(int32),
    }).nullable(),
  },
  response: {
    throttleTimeMs,
    errorCode: errorCode.since(3).ignorable(),
    results: array({
      errorCode,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: boolean,
        }),
      }),
      totalBytes: int64.since(4).or(-1).ignorable(),
      usableBytes: int64.since(4).or(-1).ignorable(),
      isCordoned: boolean.since(5).or(false).ignorable(),
    }),
  },
})
