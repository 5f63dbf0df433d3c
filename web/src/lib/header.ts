/** The cells of the first line of a list that says something, split as the server splits it: at the sign that gives a column of addresses. */
export function headerOf(text: string): string[] {
  const line = firstLine(text.replace(/^\ufeff/, '').replace(/^\s+/, ''))
  const split = [',', ';', '\t'].map((sign) => cells(line, sign))
  return split.find((list) => list.some((c) => /^'?(e[-_ ]?mail([-_ ]?address)?|address)$/i.test(c))) ?? split[0] ?? []
}

function firstLine(text: string): string {
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') quoted = !quoted
    else if (!quoted && (text[i] === '\n' || text[i] === '\r')) return text.slice(0, i)
  }
  return text
}

function cells(line: string, sign: string): string[] {
  const out: string[] = []
  let cell = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const c = line[i] ?? ''
    if (c === '"' && quoted && line[i + 1] === '"') {
      cell += c
      i++
    } else if (c === '"') quoted = !quoted
    else if (c === sign && !quoted) {
      out.push(cell.trim())
      cell = ''
    } else cell += c
  }
  return [...out, cell.trim()]
}

/** A cell of CSV. What a spreadsheet would take for a formula begins with an apostrophe, as in the server's own files. */
const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`

export const csv = (rows: string[][]) => rows.map((r) => `${r.map(cell).join(',')}\n`).join('')
