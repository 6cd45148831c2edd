export type * from './engine.ts'
export { LocalLog } from './stub.ts'
