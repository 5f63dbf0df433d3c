import { Heading } from '../components/ui'

export function Settings() {
  return <Heading title="Settings" />
}
