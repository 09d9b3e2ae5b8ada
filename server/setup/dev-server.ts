/** What `npm run dev` watches: `halfopen serve`, from the sources. */
import { main } from '../cli/main.ts'

process.exitCode = await main(['serve', ...process.argv.slice(2)])
