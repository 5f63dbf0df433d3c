package control

// keyOperations are those on keys, the audit log and settings.
func keyOperations() []Operation {
	return []Operation{
		{Name: "listKeys", Group: "Keys", Scope: Secret, Summary: "List API keys", Details: "Revoked ones too."},
		{
			Name: opCreateKey, Group: "Keys", Scope: Secret, Summary: "Create an API key",
			Details: "The answer holds the key. It is shown this once: only a hash is kept.",
		},
		{
			Name: opGiveAWSPair, Group: "Keys", Scope: Secret, Summary: "Give an API key an AWS pair",
			Details: "An access key id and a secret access key, shown this once, with which an AWS SDK puts events at /aws/ as that " +
				"key. A key that had a pair keeps its access key id; its secret before ends at once. Revoking the key ends the pair. " +
				"Needs a secret key that may track, and one that may do no more than the one that asks.",
		},
		{Name: opRevokeKey, Group: "Keys", Scope: Secret, Summary: "Revoke an API key", Details: "At once and for good."},

		{
			Name: "listActs", Group: "Audit", Scope: Secret, Summary: "List who changed what",
			Details: "Newest first: every act that changed something, through the API, the command line or by the server itself. " +
				"Refused requests and those that only read are not here. Values of secrets are never kept: of them it says only " +
				"that they changed.",
		},

		{
			Name: "listSettings", Group: "Server", Scope: Secret, Summary: "List the server's settings",
			Details: "With what it was started, and where each value comes from. Passwords are not told.",
		},
	}
}

// localOperations are those of the command line alone.
func localOperations() []Operation {
	return []Operation{
		{Name: opImportEvents, Group: "Events", Scope: Secret, Local: true, Summary: "Import events from files"},
		{Name: opReplay, Group: "Receipts", Scope: Secret, Local: true, Summary: "Parse kept receipts again"},
		{Name: opRecount, Group: "Events", Scope: Secret, Local: true, Summary: "Put counters right"},
		{Name: opVerify, Group: "Events", Scope: Secret, Local: true, Summary: "Recount the events against the counters"},
	}
}

// healthOperations tell how the server is.
func healthOperations() []Operation {
	return []Operation{
		{
			Name: "getHealth", Group: "Server", Scope: Open, Summary: "Tell whether the process is up",
			Details: "Answers as long as the process does, whatever the state of the database.",
		},
		{
			Name: "getReadiness", Group: "Server", Scope: Open, Summary: "Tell whether requests can be served",
			Details: "503 with reasons while the database can't be written or the server is shutting down.",
		},
	}
}
