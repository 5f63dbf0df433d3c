/** What a scope lets a key do, by area. A scope that writes does not include the one that reads. */
export const scopes: { area: string; scopes: [scope: string, means: string][] }[] = [
  {
    area: 'Mail',
    scopes: [
      ['events:read', 'See events and messages, and follow the live feed'],
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
      ['suppressions:read', 'See suppressions'],
      ['suppressions:write', 'Add and lift suppressions'],
      ['approvals:read', 'See what AI assistants asked for'],
      ['approvals:write', 'Decide on what assistants with other keys asked for'],
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
