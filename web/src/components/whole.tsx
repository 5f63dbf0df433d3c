import { Link } from '@tanstack/react-router'
import { Problem } from './ui'

/** In place of a page that failed. */
export const PageProblem = ({ error, retry }: { error: unknown; retry: () => void }) => (
  <div className="mx-auto max-w-2xl p-6"><Problem error={error} retry={retry} /></div>
)

export const NotFound = () => (
  <main className="flex flex-col items-center gap-2 px-6 py-24 text-center">
    <h1 className="text-xl font-semibold tracking-tight">There is no such page</h1>
    <p className="text-sm text-soft">The address may be mistyped, or what it showed is gone.</p>
    <Link to="/" className="mt-2 text-accent hover:underline">Go to the overview</Link>
  </main>
)
