package control

// suppressionOperations are those on suppressions.
func suppressionOperations() []Operation {
	return []Operation{
		{
			Name: "listSuppressions", Group: "Suppressions", Scope: Secret, Summary: "List suppressions",
			Details: "Newest first; those that hold and those that ended, unless active says which.",
		},
		{
			Name: opLiftSuppression, Group: "Suppressions", Scope: Secret, Summary: "Lift a contact's suppressions",
			Details: "A person's act with a note. A new bounce or complaint suppresses again.",
		},
		{
			Name: opAddSuppression, Group: "Suppressions", Scope: Secret, Summary: "Suppress an address or a domain",
			Details: "One address, or all of a domain (*@bad.test) or of its subdomains (*@*.bad.test). There is one suppression for " +
				"each address and reason: of what is there and what is added the earlier since and the later until count, and a lift " +
				"is undone. known in the answer tells that it held before.",
		},
		{
			Name: opImportSuppressions, Group: "Suppressions", Scope: Secret, Summary: "Import a list of suppressions",
			Details: "A list in CSV with a header (address, reason, since, until, note in any order, or the columns of Amazon SES, " +
				"SendGrid and Mailgun), or one address a line. Good lines go in where others are bad, in batches of 4,000; the first " +
				"1,000 bad lines are told. At most 256 MiB and 5,000,000 lines.",
		},
		{
			Name: "exportSuppressions", Group: "Suppressions", Scope: Secret, Summary: "Export the suppressions that hold",
			Details: "As CSV that an import reads back, or as JSON lines with format=jsonl or Accept: application/jsonl. Cells " +
				"that a spreadsheet would take for a formula begin with an apostrophe in CSV.",
		},
		{
			Name: "listSuppressionPatterns", Group: "Suppressions", Scope: Secret, Summary: "List suppression patterns",
			Details: "Newest first; those that hold and those that were lifted, unless active says which.",
		},
		{
			Name: opLiftPattern, Group: "Suppressions", Scope: Secret, Summary: "Lift a suppression pattern",
			Details: "By its id (sup_…) or its spelling, with a note. Suppressions of single addresses stay.",
		},
	}
}
