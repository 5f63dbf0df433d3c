package control

// endpointOperations are those on endpoints and what is sent to them.
func endpointOperations() []Operation {
	return []Operation{
		{
			Name: "listEndpoints", Group: "Endpoints", Scope: Secret, Summary: "List endpoints",
			Details: "The URLs that want events, by name, with how each does.",
		},
		{
			Name: opCreateEndpoint, Group: "Endpoints", Scope: Secret, Summary: "Create an endpoint",
			Details: "It gets what is stored from now on, each event as a request of its own that is signed as Standard " +
				"Webhooks says. " +
				"The secret is in this answer alone. Everything that is wrong is told at once.",
		},
		{Name: "getEndpoint", Group: "Endpoints", Scope: Secret, Summary: "Get an endpoint", Details: "By its id or name."},
		{
			Name: opUpdateEndpoint, Group: "Endpoints", Scope: Secret, Summary: "Change an endpoint",
			Details: "Only the fields that are given change. What is under way ends as it began.",
		},
		{
			Name: opDeleteEndpoint, Group: "Endpoints", Scope: Secret, Summary: "Delete an endpoint",
			Details: "And what is known of what it was sent. What waits is not sent.",
		},
		{
			Name: opRotateEndpoint, Group: "Endpoints", Scope: Secret, Summary: "Give an endpoint a new secret",
			Details: "The old one goes on to hold for a while, and requests have a signature by each, so that nothing is lost while " +
				"the receiver is changed. The new secret is in this answer alone.",
		},
		{
			Name: opEnableEndpoint, Group: "Endpoints", Scope: Secret, Summary: "Enable an endpoint",
			Details: "It goes on where it stopped, with all that came meanwhile, or from now on.",
		},
		{
			Name: opDisableEndpoint, Group: "Endpoints", Scope: Secret, Summary: "Disable an endpoint",
			Details: "Nothing is sent to it until it is enabled. What comes meanwhile is not lost.",
		},
		{
			Name: opTestEndpoint, Group: "Endpoints", Scope: Secret, Summary: "Send an endpoint a test event",
			Details: "Now, signed and in the form that it gets, whether it is enabled or not. Its webhook-id begins with test_. The " +
				"answer tells what was sent and what came of it.",
		},
		{
			Name: "getEndpointFigures", Group: "Endpoints", Scope: Secret, Summary: "See how an endpoint did",
			Details: "By the hour: what it took and did not, and how fast. And what waits, and was given up.",
		},
		{
			Name: "listDispatches", Group: "Endpoints", Scope: Secret, Summary: "List dispatches",
			Details: "What was sent to endpoints, or waits, newest first; with state=dead what was given up.",
		},
		{
			Name: "getDispatch", Group: "Endpoints", Scope: Secret, Summary: "Get a dispatch",
			Details: "With all its tries: when, what came of it, how long it took, and the first KiB of the answer.",
		},
		{
			Name: opRetryDispatch, Group: "Endpoints", Scope: Secret, Summary: "Send a dispatch again",
			Details: "Now, under the id that it had, whether it was given up or taken. 409 where it is under way.",
		},
		{
			Name: opDropDispatch, Group: "Endpoints", Scope: Secret, Summary: "Drop a dispatch",
			Details: "It is not tried any more. One that was given up leaves the list of those.",
		},
		{
			Name: opReplayEndpoint, Group: "Endpoints", Scope: Secret, Summary: "Send events to an endpoint " +
				"again",
			Details: "Some by their ids, or what was stored in a span and the endpoint wants, or what was given up: under the ids " +
				"that they had, so that a receiver knows what it has already. A span is worked through in the background.",
		},
		{
			Name: "listEndpointReplays", Group: "Endpoints", Scope: Secret, Summary: "List the replays of an endpoint",
			Details: "Newest first, with how far each is.",
		},
		{
			Name: opCancelEndpointReplay, Group: "Endpoints", Scope: Secret, Summary: "Cancel the replay of an endpoint",
			Details: "It ends where it is. What it queued is sent.",
		},
	}
}
