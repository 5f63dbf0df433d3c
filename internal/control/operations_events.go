package control

// eventOperations are those on events.
func eventOperations() []Operation {
	return []Operation{
		{
			Name: "listEvents", Group: "Events", Scope: Secret, Summary: "List events",
			Details: "Newest first. Every filter narrows; a repeated name widens to any of them. Names may be ours " +
				"(email.open) or the words of other systems (opened, delivered, deferred, complained). A page may hold fewer " +
				"events than its limit, or none, while hasMore is true: go on with nextCursor.",
		},
		{
			Name: "listEventNames", Group: "Events", Scope: Secret, Summary: "List event names",
			Details: "The names that events of this project have had, sorted.",
		},
		{
			Name: "watchEvents", Group: "Events", Scope: Secret, Summary: "Watch events come in",
			Details: "Server-sent events (text/event-stream): each is named event, its data is an event as listEvents has it, its id " +
				"stands for its place in the log. After a broken connection a browser sends the last id by itself, as Last-Event-ID, " +
				"and gets everything that was committed since, late facts among them, in the order of commits. An event named lost " +
				"says why that is not possible. Comments come every 15 seconds. At most some readers at once: 429 beyond.",
		},
		{
			Name: "exportEvents", Group: "Events", Scope: Secret, Summary: "Export events",
			Details: "All events of a filter as one file, in JSON lines, CSV or Parquet: see the page on exports. It is written " +
				"while it is read, in pages; an answer that breaks off is not the whole. In CSV, cells that a " +
				"spreadsheet would take for a formula begin with an apostrophe, unless raw. At most some exports run at once: 429 " +
				"beyond.",
		},
		{
			Name: "getEvent", Group: "Events", Scope: Secret, Summary: "Get an event",
			Details: "By its id. The answer is the same as in a list.",
		},
		{
			Name: "getEventRaw", Group: "Events", Scope: Secret, Summary: "Get what an event was made from",
			Details: "The provider's element as it was verified, while its receipt is kept.",
		},
		{
			Name: opTrack, Group: "Events", Scope: Public, Frequent: true, Summary: "Track an event",
			Details: "Makes the contact where there is none, subscribed unless subscribed says otherwise; one that is there stays as " +
				"it is where subscribed is left out. data goes into the event and is merged into the contact: null takes a key away, " +
				"{\"value\": …, \"persistent\": false} is in the event alone. What is not taken stands under ignored. With an " +
				"Idempotency-Key the same request again gets the first answer, and another one 409.",
		},
		{
			Name: opTrackBatch, Group: "Events", Scope: Public, Frequent: true, Summary: "Track events",
			Details: "Up to 1,000, stored together. An item that can't be taken costs only itself: results has one for each, in order.",
		},
	}
}

// messageOperations are those on emails.
func messageOperations() []Operation {
	return []Operation{
		{
			Name: "listMessages", Group: "Messages", Scope: Secret, Summary: "List emails",
			Details: "One for each recipient, with its state, by the newest of its events. Every filter narrows. A page may hold " +
				"fewer than its limit, or none, while hasMore is true: go on with nextCursor.",
		},
		{
			Name: "getMessage", Group: "Messages", Scope: Secret, Summary: "Get the timeline of an email",
			Details: "By the provider's message id, which may have several recipients, or by ours (msg_…), which has one: " +
				"what became of it for each recipient, and its newest events.",
		},
		{
			Name: "getMessageExplanation", Group: "Messages", Scope: Secret, Summary: "Explain what became of an email",
			Details: "For each recipient, ten at most: sentences with the facts that they rest on, and what stands against more mail.",
		},
		{
			Name: "listMessageEvents", Group: "Messages", Scope: Secret, Summary: "List the events of an email",
			Details: "Newest first, with the filters of listEvents.",
		},
	}
}
