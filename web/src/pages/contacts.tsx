import { Heading } from '../components/ui'

export function Contacts() {
  return <Heading title="Contacts" />
}
