import { Heading } from '../components/ui'

export function NewSource() {
  return <Heading title="NewSource" />
}
