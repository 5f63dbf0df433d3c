import type { Draft } from './workflow-draft'

export interface Starter {
  id: string
  label: string
  about: string
  draft: Draft
}

/** Workflows to begin with. The templates and events that they name are to be changed, or made. */
export const starters: Starter[] = [
  {
    id: 'welcome', label: 'Welcome series', about: 'A new account is greeted, and whoever opened nothing is asked again two days later.',
    draft: {
      workflow: 'welcome', name: 'Welcome series', description: 'Greets new accounts', trigger: 'account.created', exitOn: ['account.deleted'], timeout: '60d',
      steps: [
        { id: 'greet', send: 'onboarding/welcome' },
        { id: 'two-days', wait: '2d' },
        { id: 'read-it', if: { opened: 'onboarding/welcome', run: true }, then: [{ id: 'tips', send: 'onboarding/tips' }], else: [{ id: 'again', send: 'onboarding/welcome-again' }] },
      ],
    },
  },
  {
    id: 'trial', label: 'Trial ending', about: 'Three days before a trial ends its owner is told, and once more on the day, unless the order comes.',
    draft: {
      workflow: 'trial-ending', name: 'Trial ending', description: 'Tells that a trial ends', trigger: 'trial.started', exitOn: ['order.paid'],
      steps: [
        { id: 'until-soon', wait: { until: 'data.trialEndsAt', for: '-3d' } },
        { id: 'soon', send: 'trial/ending' },
        {
          id: 'order', waitFor: { event: 'order.paid', timeout: '3d' }, then: [{ id: 'customer', update: { tags: ['customer'] } }],
          else: [{ id: 'last-day', send: 'trial/last-day' }],
        },
      ],
    },
  },
  {
    id: 'win-back', label: 'Win back', about: 'Who enters a segment, such as those who did nothing for 90 days, gets one of two emails.',
    draft: {
      workflow: 'win-back', name: 'Win back', description: 'Writes to those who were away', trigger: { segment: '' }, reentry: { mode: 'after', cooldown: '180d' },
      steps: [
        { id: 'morning', wait: { at: '09:00', days: ['mon', 'tue', 'wed', 'thu', 'fri'] } },
        { id: 'miss-you', send: { variants: [{ name: 'a', template: 'win-back/miss-you' }, { name: 'b', template: 'win-back/offer' }] } },
        { id: 'back', waitFor: { event: 'app.opened', timeout: '14d' }, then: [{ id: 'is-back', exit: 'came back' }], else: [{ id: 'quiet', update: { tags: ['quiet'] } }] },
      ],
    },
  },
  {
    id: 'follow-up', label: 'Follow up a broadcast', about: 'Who clicked in an email of a broadcast gets the next one a day later.',
    draft: {
      workflow: 'follow-up', name: 'Follow up', description: 'Writes to those who clicked', trigger: { event: 'email.click', template: 'news/launch' },
      steps: [
        { id: 'a-day', wait: '1d' },
        { id: 'bought', if: { logic: 'AND', groups: [{ filters: [{ field: 'event.order.paid', operator: 'triggeredWithin', value: 2, unit: 'days' }] }] }, then: [{ id: 'done', exit: 'bought' }] },
        { id: 'offer', send: 'news/launch-offer' },
      ],
    },
  },
  { id: 'empty', label: 'Empty', about: 'Nobody enters by itself, and nothing happens: everything is yours to say.', draft: { workflow: '', trigger: { manual: true }, steps: [] } },
]
