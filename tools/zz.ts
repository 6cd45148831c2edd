import fs from 'node:fs'
import { baseOffsetOf, batchSizeOf, lastOffsetOf, checksumMatches, magicOf, leaderEpochOf } from '#records'
const f = process.argv[2]!
const b = fs.readFileSync(f); let p=0, n=0, exp=-1
while(p+61<=b.length){const s=batchSizeOf(b,p); const ok = s>=61&&p+s<=b.length&&checksumMatches(b,p,p+s); if(baseOffsetOf(b,p)!==exp&&exp>=0||!ok) console.log('at',p,'base',baseOffsetOf(b,p),'exp',exp,'size',s,'ok',ok,'epoch',leaderEpochOf(b,p), 'magic', magicOf(b,p)); if(!ok)break; exp=lastOffsetOf(b,p)+1; p+=s;n++}
console.log(n,'batches end',exp,'pos',p,'size',b.length)
