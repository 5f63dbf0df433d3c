package control

// senderOperations are those on senders and the outbox.
func senderOperations() []Operation {
	return []Operation{
		{
			Name: "listSenders", Group: "Senders", Scope: Secret, Summary: "List senders",
			Details: "The ways out for mail, oldest first. A project without any has one that writes into the outbox: it is the one " +
				"that is implicit.",
		},
		{
			Name: opCreateSender, Group: "Senders", Scope: Secret, Summary: "Create a sender",
			Details: "Of the kind ses, smtp, file or console. The first one of a project is the default. Passwords and keys are " +
				"never shown again.",
		},
		{Name: "getSender", Group: "Senders", Scope: Secret, Summary: "Get a sender", Details: "By its id or name."},
		{
			Name: opUpdateSender, Group: "Senders", Scope: Secret, Summary: "Change a sender",
			Details: "Only the fields that are given change; its kind stays. Servers take a change up within a second.",
		},
		{
			Name: opDeleteSender, Group: "Senders", Scope: Secret, Summary: "Delete a sender",
			Details: "409 with the code default_sender for the default one while there are others.",
		},
		{
			Name: opTestSender, Group: "Senders", Scope: Secret, Summary: "Try a sender",
			Details: "Connects and says who it is, without a mail. With an address it sends a test mail there. ok is false where " +
				"that does not work, and detail and remedy say why and what to do.",
		},
		{
			Name: "listOutbox", Group: "Senders", Scope: Secret, Summary: "List the outbox",
			Details: "What senders of the kind file wrote, newest first. A page of a search may have fewer rows than its limit, " +
				"and a next one.",
		},
		{
			Name: "getOutboxMail", Group: "Senders", Scope: Secret, Summary: "Get a mail of the outbox",
			Details: "Read: headers, HTML, text and the list of attachments.",
		},
		{
			Name: "getOutboxRaw", Group: "Senders", Scope: Secret, Summary: "Get a mail of the outbox as it is",
			Details: "The bytes of its .eml file.",
		},
	}
}
