package control

// exportOperations are those on exports that are due by themselves.
func exportOperations() []Operation {
	return []Operation{
		{
			Name: "listExports", Group: "Exports", Scope: Secret, Summary: "List scheduled exports",
			Details: "By name, each with its newest run. problem and failures tell of one that fails: it is tried on, and stuck once " +
				"that lasts for a day.",
		},
		{
			Name: opCreateExport, Group: "Exports", Scope: Secret, Summary: "Create a scheduled export",
			Details: "Every hour, or every day, the events that were committed since the last run are written into files of a folder " +
				"or a bucket that the operator allows, and a manifest lists them: see the page on exports. on says which " +
				"events, in the words of rules. What is stored already is written with all alone. 409 with the code name_taken or " +
				"place_taken where another export has the name or the place.",
		},
		{Name: "getExport", Group: "Exports", Scope: Secret, Summary: "Get a scheduled export", Details: "By its id or name."},
		{
			Name: opUpdateExport, Group: "Exports", Scope: Secret, Summary: "Change a scheduled export",
			Details: "The definition replaces what it said; it goes on in the log where it was. With a version that is not its any " +
				"more it is 409 with the code changed.",
		},
		{
			Name: opDeleteExport, Group: "Exports", Scope: Secret, Summary: "Delete a scheduled export",
			Details: "And what is known of its runs. Files that were written stay where they are.",
		},
		{
			Name: opEnableExport, Group: "Exports", Scope: Secret, Summary: "Enable a scheduled export",
			Details: "It goes on where it was: what was committed while it was disabled is in its next run.",
		},
		{
			Name: opDisableExport, Group: "Exports", Scope: Secret, Summary: "Disable a scheduled export",
			Details: "A run that is under way ends.",
		},
		{
			Name: opRunExport, Group: "Exports", Scope: Secret, Summary: "Run a scheduled export now",
			Details: "For what was committed since the last run. A run that is not done yet is tried at once in its place. The " +
				"answer does not wait for the files.",
		},
		{
			Name: "listExportRuns", Group: "Exports", Scope: Secret, Summary: "List runs of a scheduled export",
			Details: "Newest first, as long as events are kept.",
		},
	}
}
