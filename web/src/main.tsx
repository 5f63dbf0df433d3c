import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Refusal, session } from './api/client'
import { Tooltips } from './components/overlay'
import { Toasts } from './components/toast'
import { isShort } from './lib/refresh'
import { createPages } from './router'
import './styles.css'

// Refusals say what to do: asking again changes nothing. A server that is busy or away is asked again.
const again = (times: number, error: unknown) => times < 2 && !(error instanceof Refusal && error.status < 500)

const queries = new QueryClient({
  defaultOptions: {
    queries: { retry: again, staleTime: 10_000, refetchOnWindowFocus: isShort, refetchOnReconnect: isShort, refetchOnMount: isShort },
    mutations: { retry: false },
  },
})

const router = createPages(queries)

session.ended = () => {
  const here = router.state.location
  if (here.pathname === '/sign-in' || here.pathname === '/welcome') return
  queries.clear()
  void router.navigate({ to: '/sign-in', search: { next: here.href } })
}

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Tooltips>
          <RouterProvider router={router} />
          <Toasts />
        </Tooltips>
      </QueryClientProvider>
    </StrictMode>,
  )
}
