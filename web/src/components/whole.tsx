import { Link } from '@tanstack/react-router'
import { Empty, Problem } from './ui'

/** In place of a page that failed. */
export const PageProblem = ({ error, retry }: { error: unknown; retry: () => void }) => (
  <div className="mx-auto max-w-2xl p-6"><Problem error={error} retry={retry} /></div>
)

export const NotFound = () => (
  <Empty title="There is no such page" action={<Link to="/" className="text-accent hover:underline">Go to the overview</Link>}>
    The address may be mistyped, or what it showed is gone.
  </Empty>
)
