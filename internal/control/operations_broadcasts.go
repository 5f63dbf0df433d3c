package control

// broadcastOperations are those on broadcasts, which MailGlyph calls campaigns.
func broadcastOperations() []Operation {
	return []Operation{
		{
			Name: "listBroadcasts", Group: "Broadcasts", Scope: Secret, Summary: "List broadcasts",
			Details: "Newest first, with what became of each so far.",
		},
		{
			Name: opCreateBroadcast, Group: "Broadcasts", Scope: Secret, Summary: "Create a broadcast",
			Details: "A draft of one email to an audience: to all, to a segment, or to those whom a condition or tags select. " +
				"Everything that is wrong with it is told. Whoever unsubscribed or is suppressed never gets it.",
		},
		{Name: "getBroadcast", Group: "Broadcasts", Scope: Secret, Summary: "Get a broadcast"},
		{
			Name: opUpdateBroadcast, Group: "Broadcasts", Scope: Secret, Summary: "Change a broadcast",
			Details: "Only the fields that are given change. One that began is not changed any more (409).",
		},
		{
			Name: opDeleteBroadcast, Group: "Broadcasts", Scope: Secret, Summary: "Delete a broadcast",
			Details: "Drafts alone are deleted (409): what was sent stays to be looked up.",
		},
		{
			Name: "measureBroadcast", Group: "Broadcasts", Scope: Secret, Summary: "Measure the audience of a broadcast",
			Details: "A dry run: who would get it now, who is left out and why, and the email as one of them would get it. " +
				"Nothing is stored or sent.",
		},
		{
			Name: opSendBroadcast, Group: "Broadcasts", Scope: Secret, Summary: "Send or schedule a broadcast",
			Details: "The audience is taken when it begins, and each contact gets it at most once. A second call for one that " +
				"began is refused (409).",
		},
		{
			Name: opPauseBroadcast, Group: "Broadcasts", Scope: Secret, Summary: "Pause a broadcast",
			Details: "What was not handed over yet is held until it goes on.",
		},
		{
			Name: opResumeBroadcast, Group: "Broadcasts", Scope: Secret, Summary: "Resume a broadcast",
			Details: "It goes on where it was, also where it had paused itself: look at pausedReason first.",
		},
		{
			Name: opCancelBroadcast, Group: "Broadcasts", Scope: Secret, Summary: "Cancel a broadcast",
			Details: "What was not handed over yet never will be. It can't be undone.",
		},
		{
			Name: opTestBroadcast, Group: "Broadcasts", Scope: Secret, Summary: "Send a broadcast to one address to test it",
			Details: "The email counts for nothing, and goes to an address that unsubscribed, too.",
		},
		{
			Name: "getBroadcastStats", Group: "Broadcasts", Scope: Secret, Summary: "Get what became of a broadcast",
			Details: "Exactly, and as of now: how many were sent, delivered, opened, clicked, bounced, complained and left, and why " +
				"others got nothing.",
		},
	}
}
