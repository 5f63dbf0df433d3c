package control

// sendOperations are those on emails that are sent.
func sendOperations() []Operation {
	return []Operation{
		{
			Name: opSend, Group: "Sends", Scope: Secret, Summary: "Send email", Frequent: true,
			Details: "To one person or up to 50, each with an email of its own. Contacts that are not there are made. Whoever " +
				"may not be mailed is skipped, which the answer and an event email.skipped tell; everybody else's email is queued: " +
				"an answer means that it is stored and will be tried for a day.",
		},
		{
			Name: "listSends", Group: "Sends", Scope: Secret, Summary: "List sends",
			Details: "What was asked to be sent, newest first. status=uncertain has those that need a person's decision.",
		},
		{Name: "getSend", Group: "Sends", Scope: Secret, Summary: "Get a send"},
		{
			Name: opDecideSend, Group: "Sends", Scope: Secret, Summary: "Decide what becomes of a send",
			Details: "Takes back one that waits, tries one again that failed, and settles one that is uncertain.",
		},
	}
}
