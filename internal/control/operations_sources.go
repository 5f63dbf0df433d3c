package control

// sourceOperations are those on sources.
func sourceOperations() []Operation {
	return []Operation{
		{
			Name: "listSources", Group: "Sources", Scope: Secret, Summary: "List sources",
			Details: "With the state of each and what it rests on, in the order in which they were made, disabled ones too. " +
				"Tokens and secrets are never shown again.",
		},
		{
			Name: opCreateSource, Group: "Sources", Scope: Secret, Summary: "Create a source",
			Details: "The answer holds the source's URL and token. They are shown this once: only a hash is kept.",
		},
		{
			Name: "getSource", Group: "Sources", Scope: Secret, Summary: "Get a source",
			Details: "What was configured. The token and the secrets are never shown again.",
		},
		{
			Name: opUpdateSource, Group: "Sources", Scope: Secret, Summary: "Change a source",
			Details: "Only the fields that are given change; a list replaces the whole list.",
		},
		{
			Name: opRotateSource, Group: "Sources", Scope: Secret, Summary: "Give a source a new token",
			Details: "The token before works on for a while, 24 hours unless said otherwise, so that nothing is lost.",
		},
		{
			Name: opDisableSource, Group: "Sources", Scope: Secret, Summary: "Disable a source",
			Details: "Its URL answers as if it did not exist. What came in stays.",
		},
		{
			Name: opEnableSource, Group: "Sources", Scope: Secret, Summary: "Enable a source",
			Details: "Its URL takes requests again, with the token that it had.",
		},
		{
			Name: "getSourceHealth", Group: "Sources", Scope: Secret, Summary: "Get how a source does",
			Details: "Its state in one word, what is wrong and what to do, the worst first; and what that rests on: last events, " +
				"refusals by cause, problems, lag, silence, and subscriptions that wait for a person.",
		},
		{
			Name: opTestSource, Group: "Sources", Scope: Secret, Summary: "Test a source through its real URL",
			Details: "Posts a signed sample to the source's public URL, through whatever is in front, and tells of each step " +
				"whether it worked and what to do where it did not. The sample is proved like a request of the provider and " +
				"then forgotten: nothing is stored or counted. What fails is an answer with ok false, not an error.",
		},
		{
			Name: "listConfirmations", Group: "Sources", Scope: Secret, Summary: "List the subscriptions that asked a source",
			Details: "Newest first: those that wait for a person, and those that were confirmed.",
		},
		{
			Name: opConfirmSubscription, Group: "Sources", Scope: Secret, Summary: "Confirm a subscription",
			Details: "Tells the provider that the subscription is wanted. A confirmed one stays as it is.",
		},
	}
}
