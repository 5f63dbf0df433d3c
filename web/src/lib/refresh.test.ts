import { QueryClient } from '@tanstack/react-query'
import { describe, expect, it } from 'vitest'
import { isShort } from './refresh'

describe('isShort', () => {
  const queries = new QueryClient()
  const query = (data: unknown) => {
    queries.setQueryData(['list'], data)
    return queries.getQueryCache().find({ queryKey: ['list'] })!
  }
  it('lets one answer and a list of few pages be asked for again', () => {
    expect(isShort(query({ id: 'one' }))).toBe(true)
    expect(isShort(query({ pages: [1, 2, 3], pageParams: ['', 'a', 'b'] }))).toBe(true)
  })
  it('keeps a list that was scrolled down from being asked for page by page', () => {
    expect(isShort(query({ pages: [1, 2, 3, 4], pageParams: ['', 'a', 'b', 'c'] }))).toBe(false)
  })
})
