import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

// While the page is written, a server of Tidings answers its questions: TIDINGS_URL says where, and TIDINGS_KEY is a
// secret key in place of a session.
const server = process.env['TIDINGS_URL'] ?? 'http://127.0.0.1:8080'
const key = process.env['TIDINGS_KEY']
const api = [
  'approvals', 'audit', 'brand', 'campaigns', 'contacts', 'erasures', 'events', 'feed', 'forms', 'healthz', 'keys', 'messages', 'outbox', 'people', 'readyz', 'receipts', 'replays',
  'rules', 'segments', 'senders', 'sends', 'settings', 'sources', 'stats', 'suppressions', 'tags', 'templates', 'topics', 'v1', 'workflows',
]
const proxied = { target: server, headers: key ? { Authorization: `Bearer ${key}` } : {} }

// With a key nobody has to sign in.
const signedIn: Plugin = {
  name: 'signed-in',
  configureServer: (dev) => {
    if (!key) return
    dev.middlewares.use('/ui/session', (_request, response) => {
      response.setHeader('Content-Type', 'application/json')
      response.end('{"person":{"id":"per_dev","name":"developer"}}')
    })
  },
}

// The editor of templates is one chunk of 600 KB, fetched where somebody writes one; the first load has a test of its own.
export default defineConfig({
  base: '/ui/',
  plugins: [signedIn, react(), tailwindcss()],
  build: { target: 'es2023', modulePreload: { polyfill: false }, assetsInlineLimit: 0, reportCompressedSize: true, chunkSizeWarningLimit: 700 },
  server: {
    proxy: {
      ...Object.fromEntries(api.map((path) => [`^/${path}(/|\\?|$)`, proxied])),
      ...Object.fromEntries(['session', 'sessions', 'invitation', 'password'].map((path) => [`^/ui/${path}(/|\\?|$)`, proxied])),
    },
  },
})
