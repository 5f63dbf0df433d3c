import { Heading } from '../components/ui'

export function Domains() {
  return <Heading title="Domains" />
}
