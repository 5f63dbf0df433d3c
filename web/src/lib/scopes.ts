/** What a scope lets a key do, by area. A scope that writes does not include the one that reads. */
export const scopes: { area: string; scopes: [scope: string, means: string][] }[] = [
  {
    area: 'Mail',
    scopes: [
      ['events:read', 'See events and messages, and follow the live feed'],
      ['events:write', 'Track events of your own'],
      ['raw:read', 'See what providers sent, as it came: bodies of receipts and of events'],
      ['stats:read', 'See statistics'],
      ['stats:write', 'Put counters right'],
    ],
  },
  {
    area: 'People',
    scopes: [
      ['contacts:read', 'See contacts and their events'],
      ['contacts:write', 'Change contacts'],
      ['segments:read', 'See segments and who is in them'],
      ['segments:write', 'Make and change segments'],
      ['contacts:erase', 'Erase people, which nothing brings back'],
      ['suppressions:read', 'See suppressions'],
      ['suppressions:write', 'Add and lift suppressions'],
      ['approvals:read', 'See what AI assistants asked for'],
      ['approvals:write', 'Decide on what assistants with other keys asked for'],
    ],
  },
  {
    area: 'Sending',
    scopes: [
      ['sends:read', 'See emails that were sent, and are to be'],
      ['sends:write', 'Send email, and decide what becomes of what is queued or uncertain'],
      ['templates:read', 'See templates, their versions and previews'],
      ['templates:write', 'Make and change templates'],
      ['senders:read', 'See senders, without their secrets'],
      ['senders:write', 'Make, change and try senders'],
      ['broadcasts:read', 'See broadcasts, their audiences and what became of them'],
      ['broadcasts:write', 'Make, send, pause and cancel broadcasts'],
      ['rules:read', 'See rules, what they did, and what they would do'],
      ['rules:write', 'Make, change and apply rules'],
      ['alerts:read', 'See alerts, what raises them, and whom they are told'],
      ['alerts:write', 'Make and change what raises alerts and whom they are told, take note of alerts and mute them'],
      ['workflows:read', 'See workflows, their runs, and what became of both'],
      ['workflows:write', 'Make and change workflows, start runs and decide what becomes of them'],
      ['outbox:read', 'Read the mail that was written into the outbox instead of being sent'],
      ['endpoints:read', 'See endpoints, what they were sent and what came of it, without their secrets'],
      ['endpoints:write', 'Make, change and try endpoints, and send to them again'],
    ],
  },
  {
    area: 'Intake',
    scopes: [
      ['sources:read', 'See sources, their health and their subscriptions'],
      ['sources:write', 'Make and change sources, and confirm their subscriptions'],
      ['receipts:read', 'See receipts, without their bodies'],
      ['receipts:write', 'Import events and read receipts again'],
    ],
  },
  {
    area: 'This server',
    scopes: [
      ['keys:read', 'See the list of keys'],
      ['keys:write', 'Make keys that may do no more than this one, and revoke keys'],
      ['people:read', 'See the people who may sign in'],
      ['people:write', 'Invite people, who may do everything, and lock them out: as good as everything'],
      ['audit:read', 'See the audit log'],
      ['settings:read', 'See how the server is set'],
    ],
  },
]

/** Everything that only reads, but what providers sent. */
export const readAll = 'read'
