import { Heading } from '../components/ui'

export function Templates() {
  return <Heading title="Templates" />
}
