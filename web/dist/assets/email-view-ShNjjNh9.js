import{R as e,U as t,xt as n,z as r}from"./ui-iRMhnnlI.js";import{Nt as i}from"./index-Ddi2eHu_.js";import{n as a}from"./template-draft-BL8Bf5yN.js";var o=t({queryKey:[`brand`],queryFn:({signal:t})=>r(e.GET(`/brand`,{signal:t}))});function s(){let t=n();return i({mutationFn:t=>r(e.PATCH(`/brand`,{body:t})),onSuccess:async e=>{t.setQueryData([`brand`],e),await t.invalidateQueries({queryKey:[`audit`]})}})}var c=e=>e.replaceAll(`&`,`&amp;`).replaceAll(`<`,`&lt;`).replaceAll(`>`,`&gt;`).replaceAll(`"`,`&quot;`).replace(/\{(?=[{%])/g,`{ `);function l(e){let t=Number.parseInt(e.slice(1),16),n=e=>{let n=(t>>e&255)/255;return n<=.04045?n/12.92:((n+.055)/1.055)**2.4};return .2126*n(16)+.7152*n(8)+.0722*n(0)>.179?`#000`:`#fff`}var u=`#1f4fd8`;function d({look:e,preheader:t,body:n,footer:r}){let i=/^#[0-9a-f]{6}$/i.test(e.color)?e.color:u;return`<!doctype html>
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
  a { color: ${i}; }
  .button { display: inline-block; padding: 12px 20px; border-radius: 8px; background: ${i}; color: ${l(i)}; font-weight: 600; text-decoration: none; }
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
<div style="display: none">${t}</div>
<div class="column">
<div class="panel">
${n}
</div>
${r}
</div>
</body>
</html>
`}var f=`<p class="soft" style="margin: 16px 32px">You get this because you subscribed.
<a href="{{ unsubscribeUrl }}">Unsubscribe</a> or <a href="{{ manageUrl }}">choose what you get</a>.</p>`,p=`Hi {{ firstName | default: "there" }},`,m=e=>e.name?`The people of ${c(e.name)}`:`Your name`,h=[{id:`letter`,label:`Letter`,about:`Like an email that a person writes. Best for what you want an answer to.`,draft:e=>({...a,name:`Letter`,subject:`A question, {{ firstName | default: "if you have a minute" }}`,body:`<div style="font: 16px/1.55 -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif; max-width: 36em">
<p>${p}</p>
<p>What were you looking for when you came to us? One sentence is enough: just answer this email.</p>
<p>${m(e)}</p>
<p style="color: #5b6270; font-size: 13px">You would rather not get such letters? <a href="{{ unsubscribeUrl }}">Unsubscribe</a>.</p>
</div>
`})},{id:`welcome`,label:`Welcome`,about:`The first email after signing up: one thing to do next.`,draft:e=>({...a,name:`Welcome`,subject:`Welcome${e.name?` to ${e.name.replaceAll(`{`,``)}`:``}, {{ firstName | default: "and hello" }}`,body:d({look:e,preheader:`The one thing to do first.`,body:`<h1>Welcome, {{ firstName | default: "and hello" }}</h1>
<p>Good that you are here. The best way to begin takes two minutes:</p>
<p><a class="button" href="https://example.com/start">Make your first one</a></p>
<p>If anything is unclear, answer this email. A person reads it.</p>
<p style="margin: 0">${m(e)}</p>`,footer:f})})},{id:`receipt`,label:`Receipt`,about:`What somebody needs, whether subscribed or not: a table that your app fills.`,draft:e=>({...a,name:`Receipt`,type:`TRANSACTIONAL`,subject:`Your receipt{% if order %} for order {{ order }}{% endif %}`,body:d({look:e,preheader:`Thank you. What you bought is below.`,body:`<h1>Thank you{% if firstName %}, {{ firstName }}{% endif %}</h1>
<p>This is your receipt{% if order %} for order {{ order }}{% endif %}.</p>
<table class="sum" role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin: 0 0 16px">
{% for item in items %}<tr><td>{{ item.name }}</td><td align="right">{{ item.price }}</td></tr>
{% endfor %}{% if total %}<tr><td><strong>Total</strong></td><td align="right"><strong>{{ total }}</strong></td></tr>{% endif %}
</table>
{% if receiptUrl %}<p style="margin: 0"><a class="button" href="{{ receiptUrl }}">See it online</a></p>{% endif %}`,footer:`<p class="soft" style="margin: 16px 32px">${e.name?`${c(e.name)} · `:``}{{ currentYear }}</p>`})})},{id:`newsletter`,label:`Newsletter`,about:`Several stories, each with a link, for a broadcast.`,draft:e=>({...a,name:`Newsletter`,subject:`What is new`,body:d({look:e,preheader:`Three things that are worth your time.`,body:`<h1>What is new</h1>
<p>${p}</p>
<h2 style="margin: 24px 0 8px; font-size: 18px">The first story</h2>
<p>Say in two sentences why it matters to the reader. <a href="https://example.com/first">Read it</a></p>
<h2 style="margin: 24px 0 8px; font-size: 18px">The second story</h2>
<p>One idea for each story is enough. <a href="https://example.com/second">Read it</a></p>
<h2 style="margin: 24px 0 8px; font-size: 18px">And one more thing</h2>
<p style="margin: 0">What you would tell a friend. <a href="https://example.com/third">Read it</a></p>`,footer:f})})},{id:`empty`,label:`Empty`,about:`You have HTML already: paste it.`,draft:()=>a}],g=e=>RegExp(`\\(\\s*prefers-color-scheme\\s*:\\s*${e}\\s*\\)`,`gi`),_=(e,t)=>e.replace(/@import[^;]*;?/gi,``).replace(/url\((?!\s*['"]?data:)[^)]*\)/gi,`none`).replace(g(`dark`),t?`(min-width: 0px)`:`(max-width: 0px)`).replace(g(`light`),t?`(max-width: 0px)`:`(min-width: 0px)`),v=e=>e.replaceAll(`&`,`&amp;`).replaceAll(`<`,`&lt;`).replaceAll(`"`,`&quot;`);function y(e){let t=`<svg xmlns="http://www.w3.org/2000/svg" width="240" height="96"><rect width="100%" height="100%" fill="#9aa0aa" fill-opacity=".25"/><text x="50%" y="50%" text-anchor="middle" dominant-baseline="middle" font-family="sans-serif" font-size="13" fill="#6b7280">${v(e||`image`)}</text></svg>`;return`data:image/svg+xml,${encodeURIComponent(t)}`}var b=`script, link, base, iframe, frame, object, embed, applet, portal, audio, video, meta[http-equiv], meta[data-was], meta[name="color-scheme"], meta[name="supported-color-schemes"]`,x=`about:srcdoc#_`,S=/^(on|target$|srcset$|background$|formaction$|action$|ping$|poster$|xlink:href$|autofocus$)/i,C=/<[a-z](?:"[^"]*"|'[^']*'|[^"'>])*>/gi,w=/("[^"]*"|'[^']*')|(?<=[\s/"'])(?:on[a-z]+|http-equiv)(?=\s*=)/gi,T=e=>e.replace(/<base(?=[\s/>])/gi,`<link`).replace(C,e=>e.replace(w,(e,t)=>t??`data-was`));function E(e,t){let n=new DOMParser().parseFromString(T(e),`text/html`),r=[...n.querySelectorAll(`a[href]`)].map(e=>({text:(e.textContent??``).replace(/\s+/g,` `).trim()||[...e.querySelectorAll(`img`)].map(e=>e.alt).filter(Boolean).join(` `),href:e.getAttribute(`href`)??``})),i=[...n.querySelectorAll(`img`)].map(e=>({alt:e.getAttribute(`alt`),src:e.getAttribute(`src`)??``})),a=[...n.querySelectorAll(`style`)].some(e=>g(`dark`).test(e.textContent??``)),o=t&&a;n.querySelectorAll(b).forEach(e=>e.remove()),n.querySelectorAll(`style`).forEach(e=>{e.textContent=_(e.textContent??``,o)});for(let e of n.querySelectorAll(`*`)){for(let t of e.getAttributeNames())S.test(t)&&e.removeAttribute(t);let t=e.getAttribute(`style`);if(t&&/url\(|@import/i.test(t)&&e.setAttribute(`style`,_(t,o)),e instanceof HTMLImageElement||e.tagName===`IMG`){let t=e.getAttribute(`src`)??``;/^data:image\/(png|jpeg|gif|webp)[;,]/i.test(t)||e.setAttribute(`src`,y(e.getAttribute(`alt`)??``))}else e.hasAttribute(`src`)&&e.removeAttribute(`src`);e.tagName===`A`&&e.hasAttribute(`href`)?(e.setAttribute(`title`,e.getAttribute(`href`)??``),e.setAttribute(`href`,x)):e.hasAttribute(`href`)&&e.removeAttribute(`href`),e.tagName===`FORM`&&e.replaceWith(...e.childNodes)}let s=n.createElement(`style`);return s.textContent=o?`:root { color-scheme: dark; background: #1c1c1e; }`:`:root { color-scheme: light; background: #fff; }`,n.head.prepend(s),{html:`<!doctype html>${n.documentElement.outerHTML}`,links:r,images:i,dark:a}}export{s as a,o as i,h as n,l as r,E as t};