import { useQuery } from '@tanstack/react-query'
import { messageCause } from '../api/mail'
import { summary } from '../lib/events'
import { type Message } from '../lib/message'
import { fate } from '../lib/why'
import { Mono } from './bits'

/** What became of an email, as the end of a sentence; where it went wrong, why. */
export function Fate({ of: m }: { of: Message }) {
  const cause = useQuery(messageCause(m.id, m.status)).data
  const words = cause && summary(cause)
  const said = cause?.bounce?.diagnostic ?? cause?.delay?.diagnostic
  return (
    <>
      {fate(m)}{words && `: ${words}`}.{said && <> The remote server said: <Mono>{said}</Mono></>}
    </>
  )
}
