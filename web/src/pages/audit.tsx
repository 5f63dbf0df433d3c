import { Heading } from '../components/ui'

export function Audit() {
  return <Heading title="Audit" />
}
