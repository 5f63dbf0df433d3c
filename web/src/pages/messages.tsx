import { Heading } from '../components/ui'

export function Messages() {
  return <Heading title="Messages" />
}
