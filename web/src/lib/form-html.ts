import type { Form } from '../api/forms'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

/** A form as it stands in a page of one's own. */
export function formHTML(f: Form): string {
  return [
    `<form action="${escaped(f.url)}" method="post">`,
    '  <label>Email <input name="email" type="email" required></label>',
    ...f.fields.map((x) => `  <label>${escaped(x.label)} <input name="${escaped(x.name)}"${x.required ? ' required' : ''}></label>`),
    // For programs that fill in everything: where it has a value, nothing is stored.
    '  <input name="leave_empty" style="display:none" tabindex="-1" autocomplete="off" aria-hidden="true">',
    '  <button>Subscribe</button>',
    '</form>',
  ].join('\n')
}
