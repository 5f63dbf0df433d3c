import { createServer, type Server, type Socket } from 'node:net'

/** A mail server of the tests. It takes everything, but hangs up after the email of whoever is called "vanish". */
export interface MailServer {
  port: number
  /** What was taken, as it came */
  taken: string[]
  close: () => Promise<void>
}

function serve(socket: Socket, taken: string[]): void {
  let [rest, mail, vanishes, data] = ['', '', false, false]
  const say = (line: string) => socket.write(`${line}\r\n`)
  const line = (text: string) => {
    if (data) {
      if (text !== '.') {
        mail += `${text}\n`
        return
      }
      data = false
      // As where the connection breaks after the dot: whether it was taken, nobody knows.
      if (vanishes) return void socket.destroy()
      taken.push(mail)
      return void say('250 2.0.0 taken')
    }
    const word = text.slice(0, 4).toUpperCase()
    if (word === 'EHLO') say('250-mail.test\r\n250 AUTH PLAIN')
    else if (word === 'AUTH') say('235 2.7.0 welcome')
    else if (word === 'RCPT') {
      vanishes = text.includes('<vanish@')
      say('250 2.1.5 fine')
    } else if (word === 'DATA') {
      ;[data, mail] = [true, '']
      say('354 go on')
    } else if (word === 'QUIT') {
      say('221 bye')
      socket.end()
    } else say('250 2.0.0 fine')
  }
  socket.setEncoding('utf8')
  socket.on('error', () => undefined)
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n')
    rest = lines.pop() ?? ''
    lines.forEach(line)
  })
  say('220 mail.test ready')
}

export async function mailServer(): Promise<MailServer> {
  const taken: string[] = []
  const open = new Set<Socket>()
  const server: Server = createServer((socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    serve(socket, taken)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    taken,
    close: () => new Promise((done) => {
      server.close(() => done())
      open.forEach((socket) => socket.destroy())
    }),
  }
}
