import{n as e}from"./clsx-Dm-3fMjA.js";import{A as t,C as n,I as r,N as i,R as a,U as o,ct as s,t as c,xt as l,z as u}from"./ui-iRMhnnlI.js";import{t as d}from"./infiniteQueryOptions-Dfvzj6n2.js";import{a as f,o as p}from"./bits-BHvDa7l7.js";import{Dt as m,Nt as h}from"./index-Ddi2eHu_.js";import{r as g}from"./sends-yh2CjbIz.js";var _=o({queryKey:[`rules`],queryFn:async({signal:e})=>(await u(a.GET(`/rules`,{signal:e}))).rules,refetchInterval:15e3}),v=e=>o({queryKey:[`rule`,e],queryFn:({signal:t})=>u(a.GET(`/rules/{id}`,{params:{path:{id:e}},signal:t}))}),y=e=>d({queryKey:[`rule`,e,`acts`],queryFn:({pageParam:t,signal:n})=>u(a.GET(`/rules/{id}/acts`,{params:{path:{id:e},query:{limit:100,...t?{cursor:t}:{}}},signal:n})),initialPageParam:``,getNextPageParam:e=>e.nextCursor,refetchInterval:4e3}),b=(e,t)=>o({queryKey:[`rule-trial`,e,t],queryFn:({signal:n})=>u(a.POST(`/rules/try`,{body:{rule:e,limit:50,...t?{since:t}:{}},signal:n})),placeholderData:s,gcTime:3e4,retry:!1}),x=(e,t)=>Promise.all([e.invalidateQueries({queryKey:[`rules`]}),e.invalidateQueries({queryKey:[`rule`,t],exact:!0}),e.invalidateQueries({queryKey:[`audit`]})]);function S(e){let t=l();return h({mutationFn:({rule:t,version:n})=>u(e?a.PATCH(`/rules/{id}`,{params:{path:{id:e}},body:{rule:t,...n?{version:n}:{}}}):a.POST(`/rules`,{body:{rule:t}})),onSuccess:e=>(t.setQueryData([`rule`,e.id],e),x(t,e.id))})}function C(e){let t=l();return h({mutationFn:()=>a.DELETE(`/rules/{id}`,{params:{path:{id:e}}}),onSuccess:()=>Promise.all([[`rules`],[`audit`]].map(e=>t.invalidateQueries({queryKey:e})))})}var w={send:`Mails`,subscribe:`Subscribes`,unsubscribe:`Unsubscribes`},T={done:{word:`Done`,tone:`good`,about:`It was done; what became of an email stands among the sends`},skipped:{word:`Skipped`,tone:`plain`,about:`It was not to be done: the contact may not be mailed, or the rule acted often enough`},failed:{word:`Failed`,tone:`bad`,about:`It could not be done`}};function E(e,t,n){let r=/(\w+)(\[\d+\])*$/.exec(t)?.[1],i=/"([^"]+)"/.exec(n)?.[1]??``,a=e.split(`
`).map((e,t)=>[e,t+1]).filter(([e])=>r&&RegExp(`(^|[\\s{,-])${r}\\s*:`).test(e));return(a.find(([e])=>e.includes(i))??a[0])?.[1]??1}function D(e,t){return e instanceof r?e.fields.flatMap(e=>{if(!/^rule\b/.test(e.field))return[];let n=e.hint?`${e.message}: ${e.hint}`:e.message,r=e.field.replace(/^rule\.?/,``),i=/^(.*?)\[(\d+):(\d+)\]\s*(.*)$/s.exec(n);if(i)return[{line:Number(i[2]),column:Number(i[3]),at:r,says:`${i[1]}${i[4]}`}];let a=/^(.*?) \(line (\d+)\)$/s.exec(n),o=a?Number(a[2]):E(t,r,n);return[{line:o,column:(/^[\s-]*/.exec(t.split(`
`)[o-1]??``)?.[0].length??0)+1,at:r,says:a?.[1]??n}]}):[]}var O=(e,t)=>{let n={...e.definition};return delete n.disabled,JSON.stringify(t?n:{...n,disabled:!0})},k=[{id:`welcome`,label:`Welcome mail`,about:`An account is made in your app, and its owner is greeted.`,rule:`name: Welcome
description: Greets new accounts
on:
  event: account.created
do:
- send:
    template: onboarding/welcome
`},{id:`bounce`,label:`Bounce alert`,about:`An address does not take mail any more, and whoever the email was from is told.`,rule:`name: Bounce alert
description: Tells whoever an email was from that its recipient takes no mail
on:
  event: email.bounce
  class: hard
perHour: 20
do:
- send:
    template: internal/bounce-alert
    transactional: true
    mapping:
      email: $.message.from
`},{id:`goodbye`,label:`Unsubscribe`,about:`An account is closed, and its owner gets no more news.`,rule:`name: Goodbye
description: Who closes an account gets no more news
on:
  event: account.closed
do:
- unsubscribe: {}
`},{id:`empty`,label:`Empty`,about:`The least that a rule needs.`,rule:`name: ''
on:
  event: ''
do:
- send:
    template: ''
`}],A=e(),j=({on:e})=>e?(0,A.jsx)(c,{tone:`good`,title:`It acts for every event that it is for`,children:`On`}):(0,A.jsx)(c,{title:`It does nothing: events pass by`,children:`Off`});function M({rule:e}){if(e.problems.length===0)return null;let t=e.problems.map(e=>`${e.at}: ${e.message}`).join(`
`);return(0,A.jsx)(`span`,{role:`img`,title:t,"aria-label":`${n(e.problems.length)} ${e.problems.length===1?`problem`:`problems`}`,className:`shrink-0 text-bad`,children:(0,A.jsx)(i,{"aria-hidden":!0,className:`size-3.5`})})}function N({of:e}){let t=T[e.outcome];return(0,A.jsx)(c,{tone:t.tone,title:t.about,children:t.word})}var P=(e,n)=>n?t(e===`skipped`&&/^[a-z_]+$/.test(n)?g(n,`skipped`):n):``,F=[{id:`at`,head:`When`,width:148,cell:e=>(0,A.jsx)(p,{at:e.at,form:`short`})},{id:`action`,head:`Action`,width:120,cell:e=>w[e.action]??e.action},{id:`outcome`,head:`Outcome`,width:95,cell:e=>(0,A.jsx)(N,{of:e})},{id:`because`,head:`Because`,width:200,grow:!0,cell:e=>(0,A.jsx)(`span`,{className:`text-soft`,title:P(e.outcome,e.detail),children:P(e.outcome,e.detail)})},{id:`contact`,head:`Contact`,width:150,cell:e=>e.contactId?(0,A.jsx)(m,{to:`/contacts/$id`,params:{id:e.contactId},className:`hover:underline`,children:(0,A.jsx)(f,{children:e.contactId})}):(0,A.jsx)(`span`,{className:`text-soft`,children:`nobody was found`})},{id:`send`,head:`Email`,width:90,cell:e=>e.sendId&&(0,A.jsx)(m,{to:`/sends/$id`,params:{id:e.sendId},className:`text-accent hover:underline`,children:`its send`})},{id:`event`,head:`Event`,width:90,cell:e=>(0,A.jsx)(m,{to:`/events/$id`,params:{id:e.eventId},className:`text-accent hover:underline`,title:e.eventId,children:`its event`})}];export{P as a,D as c,y as d,b as f,S as h,F as i,O as l,C as m,j as n,w as o,_ as p,M as r,k as s,N as t,v as u};