import { type Draft, emptyDraft } from './template-draft'

/** Whoever sends, for layouts that show it. */
export interface Look {
  name: string
  color: string
}

export interface Layout {
  id: string
  label: string
  about: string
  draft: (look: Look) => Draft
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replace(/\{(?=[{%])/g, '{ ')

/** Black or white, whichever stands out from a colour: as the pages of links have it. */
export function letters(color: string): '#000' | '#fff' {
  const n = Number.parseInt(color.slice(1), 16)
  const part = (shift: number) => {
    const c = ((n >> shift) & 0xff) / 0xff
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0) > 0.179 ? '#000' : '#fff'
}

const ours = '#1f4fd8'

/** The frame of the layouts: a column of 600 pixels that is dark where the reader's program is. */
function frame({ look, preheader, body, footer }: { look: Look; preheader: string; body: string; footer: string }): string {
  const color = /^#[0-9a-f]{6}$/i.test(look.color) ? look.color : ours
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
  body { margin: 0; padding: 24px 12px; background: #f4f5f7; color: #16181d; font: 16px/1.55 -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; }
  .column { max-width: 600px; margin: 0 auto; }
  .panel { padding: 32px; background: #ffffff; border-radius: 12px; }
  h1 { margin: 0 0 16px; font-size: 24px; line-height: 1.25; }
  p { margin: 0 0 16px; }
  a { color: ${color}; }
  .button { display: inline-block; padding: 12px 20px; border-radius: 8px; background: ${color}; color: ${letters(color)}; font-weight: 600; text-decoration: none; }
  .soft { color: #5b6270; font-size: 14px; }
  .sum td { padding: 10px 0; border-bottom: 1px solid #e3e5ea; }
  @media (prefers-color-scheme: dark) {
    body { background: #101216 !important; color: #eceef2 !important; }
    .panel { background: #1a1d23 !important; }
    .soft { color: #a6adbb !important; }
    .sum td { border-color: #343944 !important; }
    a:not(.button) { color: #8fb0ff !important; }
  }
</style>
</head>
<body>
<div style="display: none">${preheader}</div>
<div class="column">
<div class="panel">
${body}
</div>
${footer}
</div>
</body>
</html>
`
}

const leave = `<p class="soft" style="margin: 16px 32px">You get this because you subscribed.
<a href="{{ unsubscribeUrl }}">Unsubscribe</a> or <a href="{{ manageUrl }}">choose what you get</a>.</p>`

const hi = 'Hi {{ firstName | default: "there" }},'

const team = (look: Look) => (look.name ? `The people of ${escaped(look.name)}` : 'Your name')

/** Good places to begin, few enough to look at all of them. */
export const layouts: Layout[] = [
  {
    id: 'letter', label: 'Letter', about: 'Like an email that a person writes. Best for what you want an answer to.',
    draft: (look) => ({
      ...emptyDraft, name: 'Letter', subject: 'A question, {{ firstName | default: "if you have a minute" }}',
      body: `<div style="font: 16px/1.55 -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; max-width: 36em">
<p>${hi}</p>
<p>What were you looking for when you came to us? One sentence is enough: just answer this email.</p>
<p>${team(look)}</p>
<p style="color: #5b6270; font-size: 13px">You would rather not get such letters? <a href="{{ unsubscribeUrl }}">Unsubscribe</a>.</p>
</div>
`,
    }),
  },
  {
    id: 'welcome', label: 'Welcome', about: 'The first email after signing up: one thing to do next.',
    draft: (look) => ({
      ...emptyDraft, name: 'Welcome', subject: `Welcome${look.name ? ` to ${look.name.replaceAll('{', '')}` : ''}, {{ firstName | default: "and hello" }}`,
      body: frame({
        look, preheader: 'The one thing to do first.',
        body: `<h1>Welcome, {{ firstName | default: "and hello" }}</h1>
<p>Good that you are here. The best way to begin takes two minutes:</p>
<p><a class="button" href="https://example.com/start">Make your first one</a></p>
<p>If anything is unclear, answer this email. A person reads it.</p>
<p style="margin: 0">${team(look)}</p>`,
        footer: leave,
      }),
    }),
  },
  {
    id: 'receipt', label: 'Receipt', about: 'What somebody needs, whether subscribed or not: a table that your app fills.',
    draft: (look) => ({
      ...emptyDraft, name: 'Receipt', type: 'TRANSACTIONAL', subject: 'Your receipt{% if order %} for order {{ order }}{% endif %}',
      body: frame({
        look, preheader: 'Thank you. What you bought is below.',
        body: `<h1>Thank you{% if firstName %}, {{ firstName }}{% endif %}</h1>
<p>This is your receipt{% if order %} for order {{ order }}{% endif %}.</p>
<table class="sum" role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin: 0 0 16px">
{% for item in items %}<tr><td>{{ item.name }}</td><td align="right">{{ item.price }}</td></tr>
{% endfor %}{% if total %}<tr><td><strong>Total</strong></td><td align="right"><strong>{{ total }}</strong></td></tr>{% endif %}
</table>
{% if receiptUrl %}<p style="margin: 0"><a class="button" href="{{ receiptUrl }}">See it online</a></p>{% endif %}`,
        footer: `<p class="soft" style="margin: 16px 32px">${look.name ? `${escaped(look.name)} · ` : ''}{{ currentYear }}</p>`,
      }),
    }),
  },
  {
    id: 'newsletter', label: 'Newsletter', about: 'Several stories, each with a link, for a broadcast.',
    draft: (look) => ({
      ...emptyDraft, name: 'Newsletter', subject: 'What is new',
      body: frame({
        look, preheader: 'Three things that are worth your time.',
        body: `<h1>What is new</h1>
<p>${hi}</p>
<h2 style="margin: 24px 0 8px; font-size: 18px">The first story</h2>
<p>Say in two sentences why it matters to the reader. <a href="https://example.com/first">Read it</a></p>
<h2 style="margin: 24px 0 8px; font-size: 18px">The second story</h2>
<p>One idea for each story is enough. <a href="https://example.com/second">Read it</a></p>
<h2 style="margin: 24px 0 8px; font-size: 18px">And one more thing</h2>
<p style="margin: 0">What you would tell a friend. <a href="https://example.com/third">Read it</a></p>`,
        footer: leave,
      }),
    }),
  },
  { id: 'empty', label: 'Empty', about: 'You have HTML already: paste it.', draft: () => emptyDraft },
]
