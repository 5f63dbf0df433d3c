/** A line of two texts beside each other: in both, only in the one before, or only in the one after. */
export interface Line {
  kind: 'same' | 'gone' | 'new'
  text: string
  /** Where it stands, from 1 */
  before?: number
  after?: number
}

/** More comparisons than this would keep the page from answering: then all of the middle is gone and new. */
const most = 6_000_000

/** What became of a text, line by line. */
export function diff(before: string, after: string): Line[] {
  const [a, b] = [before.split('\n'), after.split('\n')]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let [endA, endB] = [a.length, b.length]
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--
    endB--
  }
  const out: Line[] = []
  const same = (i: number, j: number) => out.push({ kind: 'same', text: a[i] ?? '', before: i + 1, after: j + 1 })
  const gone = (i: number) => out.push({ kind: 'gone', text: a[i] ?? '', before: i + 1 })
  const fresh = (j: number) => out.push({ kind: 'new', text: b[j] ?? '', after: j + 1 })
  for (let i = 0; i < start; i++) same(i, i)
  const [n, m] = [endA - start, endB - start]
  if (n * m > most) {
    for (let i = start; i < endA; i++) gone(i)
    for (let j = start; j < endB; j++) fresh(j)
  } else {
    // How long the longest text is that both have from here on.
    const wide = m + 1
    const long = new Uint32Array((n + 1) * wide)
    for (let i = n - 1; i >= 0; i--) {
      for (let j = m - 1; j >= 0; j--) {
        long[i * wide + j] = a[start + i] === b[start + j] ? (long[(i + 1) * wide + j + 1] ?? 0) + 1 : Math.max(long[(i + 1) * wide + j] ?? 0, long[i * wide + j + 1] ?? 0)
      }
    }
    let [i, j] = [0, 0]
    while (i < n || j < m) {
      if (i < n && j < m && a[start + i] === b[start + j]) same(start + i++, start + j++)
      else if (i < n && (j >= m || (long[(i + 1) * wide + j] ?? 0) >= (long[i * wide + j + 1] ?? 0))) gone(start + i++)
      else fresh(start + j++)
    }
  }
  for (let i = endA, j = endB; i < a.length; i++, j++) same(i, j)
  return out
}

/** Lines with those that are the same left out, but for some around each change. A number is how many were left out. */
export function around(lines: Line[], context = 3): (Line | number)[] {
  const near = new Set<number>()
  lines.forEach((l, i) => {
    if (l.kind === 'same') return
    for (let k = i - context; k <= i + context; k++) near.add(k)
  })
  const out: (Line | number)[] = []
  lines.forEach((l, i) => {
    const last = out.at(-1)
    if (near.has(i)) out.push(l)
    else if (typeof last === 'number') out[out.length - 1] = last + 1
    else out.push(1)
  })
  return out
}
