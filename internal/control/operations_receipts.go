package control

// receiptOperations are those on receipts and their replays.
func receiptOperations() []Operation {
	return []Operation{
		{Name: "listReceipts", Group: "Receipts", Scope: Secret, Summary: "List receipts", Details: "Newest first."},
		{
			Name: "getReceipt", Group: "Receipts", Scope: Secret, Summary: "Get a receipt",
			Details: "What a request came to: its events, its repeats, its problems.",
		},
		{
			Name: opReplayReceipt, Group: "Receipts", Scope: Secret, Summary: "Parse a receipt again",
			Details: "With this version's adapter, at once. What was missing is stored; what is there stays as it is.",
		},
		{
			Name: "getReceiptRaw", Group: "Receipts", Scope: Secret, Summary: "Get the kept body of a receipt",
			Details: "All of the request but what must never be kept (the SNS Signature and UnsubscribeURL).",
		},

		{
			Name: opStartReplay, Group: "Replays", Scope: Secret, Summary: "Start a replay",
			Details: "Parses the kept receipts that are there now again with this version's adapters, in the background, and stores " +
				"what was missing. It survives a restart. One at a time runs for a project. With dryRun nothing is stored.",
		},
		{Name: "listReplays", Group: "Replays", Scope: Secret, Summary: "List replays", Details: "Newest first."},
		{
			Name: "getReplay", Group: "Replays", Scope: Secret, Summary: "Get how far a replay is",
			Details: "Its state, and what it came to so far.",
		},
		{
			Name: opCancelReplay, Group: "Replays", Scope: Secret, Summary: "Cancel a replay",
			Details: "It ends where it is. What it stored stays.",
		},
	}
}
