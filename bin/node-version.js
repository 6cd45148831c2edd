// The one sentence that someone on an unfitting Node needs, before any newer syntax is parsed.
const major = Number(process.versions.node.split('.')[0])
if (major < 26) {
  process.stderr.write(
    `odradek needs Node 26 and this is Node ${process.versions.node}: run it by \`npm start\` or \`npx\` ` +
      'after an `npm install` with optional dependencies (they bring Node 26 for Linux, macOS and ' +
      'Windows on x64 and for Linux and macOS on arm64), or install Node 26 yourself.\n',
  )
  process.exit(1)
}
