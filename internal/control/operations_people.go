package control

// approvalOperations are those on what waits for a person.
func approvalOperations() []Operation {
	return []Operation{
		{
			Name: "listApprovals", Group: "Approvals", Scope: Secret, Summary: "List what waits for a person",
			Details: "What AI assistants asked for and did not do yet, the oldest first: those that wait, and those that were " +
				"approved and not used so far. What was refused, used or is over is in the audit log.",
		},
		{
			Name: opApproveAct, Group: "Approvals", Scope: Secret, Summary: "Approve what an assistant asked for",
			Details: "With a note. The assistant may then do it, once, before expiresAt. 403 with the code own_approval for the key " +
				"that asked.",
		},
		{
			Name: opRefuseAct, Group: "Approvals", Scope: Secret, Summary: "Refuse what an assistant asked for",
			Details: "The assistant is told that a person refused it.",
		},
	}
}

// peopleOperations are those on people and their sessions.
func peopleOperations() []Operation {
	return []Operation{
		{
			Name: opSignIn, Group: "People", Scope: Open, Alters: true, Summary: "Sign in",
			Details: "By name and password. The answer sets a cookie, with which a browser may do everything that a secret key may. " +
				"Wrong passwords make the next try wait: 429 says how long.",
		},
		{
			Name: "getSession", Group: "People", Scope: Person, Summary: "Tell who is signed in",
			Details: "By the cookie. 401 with the code no_session where nobody is.",
		},
		{
			Name: opSignOut, Group: "People", Scope: Person, Alters: true, Summary: "Sign out",
			Details: "The cookie opens nothing any more.",
		},
		{
			Name: "getInvitation", Group: "People", Scope: Open, Summary: "Look at a link that sets a password",
			Details: "By the token behind the # of the link. 404 where it is not known; 410 where it was used or is over, with " +
				"the reason.",
		},
		{
			Name: opAcceptInvitation, Group: "People", Scope: Open, Alters: true, Summary: "Use a link that sets a password",
			Details: "Once. Sets the password, ends the person's sessions elsewhere and signs in as signIn does. " +
				"A link without a name makes the first person, with the name that is given.",
		},
		{
			Name: opChangePassword, Group: "People", Scope: Person, Alters: true, Summary: "Change one's password",
			Details: "Ends the person's sessions everywhere; the answer sets the cookie of a new one.",
		},
		{
			Name: "listSessions", Group: "People", Scope: Person, Summary: "List where one is signed in",
			Details: "Newest first, those that are not over.",
		},
		{
			Name: opEndSession, Group: "People", Scope: Person, Alters: true, Summary: "Sign out elsewhere",
			Details: "By a session's id.",
		},
		{
			Name: "listPeople", Group: "People", Scope: Secret, Summary: "List the people who may sign in",
			Details: "Oldest first, disabled ones too.",
		},
		{
			Name: opCreatePerson, Group: "People", Scope: Secret, Summary: "Invite a person",
			Details: "Makes a person who may sign in once the link was used. The link is in the answer and is shown this once: it " +
				"sets the password, works once and for 24 hours. Whoever signs in may do everything.",
		},
		{
			Name: opResetPerson, Group: "People", Scope: Secret, Summary: "Make a link for a new password",
			Details: "Takes the person's password away, ends the sessions and the links before, and answers with a new link, " +
				"shown this once.",
		},
		{
			Name: opDisablePerson, Group: "People", Scope: Secret, Summary: "Keep a person from signing in",
			Details: "Ends the sessions and links too. The last one who can sign in stays: that is 409 with the code last_person.",
		},
		{
			Name: opEnablePerson, Group: "People", Scope: Secret, Summary: "Let a person sign in again",
			Details: "With the password from before; links from before do not work.",
		},
	}
}
