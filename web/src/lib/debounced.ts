import { useEffect, useState } from 'react'

/** A value once it has rested for so many milliseconds. */
export function useDebounced<T>(value: T, rest: number): T {
  const [settled, settle] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => settle(value), rest)
    return () => clearTimeout(timer)
  }, [value, rest])
  return settled
}
