package control

// templateOperations are those on templates of emails.
func templateOperations() []Operation {
	return []Operation{
		{
			Name: "listTemplates", Group: "Templates", Scope: Secret, Summary: "List templates",
			Details: "Newest first. problems are files of the server's folder of templates that are not as they should be.",
		},
		{
			Name: opCreateTemplate, Group: "Templates", Scope: Secret, Summary: "Create a template",
			Details: "Subject, body and text are Liquid; every mistake is told with its line and column. See the page on templates.",
		},
		{
			Name: "getTemplate", Group: "Templates", Scope: Secret, Summary: "Get a template",
			Details: "By its id (tpl_…) or its key, whose slashes are written %2F.",
		},
		{
			Name: opUpdateTemplate, Group: "Templates", Scope: Secret, Summary: "Change a template",
			Details: "Only the fields that are given change. Every change is a new version; the old ones are kept. A template of the " +
				"server's folder is changed there (409).",
		},
		{
			Name: opDeleteTemplate, Group: "Templates", Scope: Secret, Summary: "Delete a template",
			Details: "With its versions. One that something needs is not deleted (409).",
		},
		{
			Name: "listTemplateVersions", Group: "Templates", Scope: Secret, Summary: "List the versions of a template",
			Details: "Newest first: who made them, when, and what the template was.",
		},
		{Name: "getTemplateVersion", Group: "Templates", Scope: Secret, Summary: "Get a template as it was in a version"},
		{
			Name: opRestoreTemplate, Group: "Templates", Scope: Secret, Summary: "Restore a version of a template",
			Details: "What the template was becomes its newest version.",
		},
		{
			Name: "previewTemplate", Group: "Templates", Scope: Secret, Summary: "Preview a template",
			Details: "Renders a template, or what is given, for a contact and its data, without storing or sending anything. " +
				"Mistakes are in the answer, with their line and column.",
		},
		{
			Name: opTestTemplate, Group: "Templates", Scope: Secret, Summary: "Send a template as a test",
			Details: "To one address, with the data of a contact or with what is given; [Test] stands before the subject. It is sent " +
				"whatever the recipient said of mail, but for a suppression, and counts nowhere for the template.",
		},
		{
			Name: "validateTemplate", Group: "Templates", Scope: Secret, Summary: "Validate a template",
			Details: "Tells every mistake, and what is doubtful: variables that no contact has and that have no default, links that " +
				"lead nowhere, images that are not shown.",
		},
	}
}
