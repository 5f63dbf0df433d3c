/** Debian's browser, or the one that is named. */
export const executablePath = process.env['TIDINGS_TEST_CHROMIUM'] ?? '/usr/bin/chromium-headless-shell'

/** In a container there is no sandbox; the rest keeps it from asking anybody on the Internet. */
export const launchArgs = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
]
