import { Heading } from '../components/ui'

export function Suppressions() {
  return <Heading title="Suppressions" />
}
