// The commands of `odradek` beside starting a broker.
export { runCommand } from './commands.ts'
