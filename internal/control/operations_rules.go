package control

// ruleOperations are those on rules, and on folders that have them.
func ruleOperations() []Operation {
	return []Operation{
		{
			Name: "listRules", Group: "Rules", Scope: Secret, Summary: "List rules",
			Details: "By name, with what each did in the last 30 days. problems says why a rule can't do all it should, as where its " +
				"template is gone.",
		},
		{
			Name: opCreateRule, Group: "Rules", Scope: Secret, Summary: "Create a rule",
			Details: "rule is the text of one rule, YAML or JSON, as it stands in a file: see the page on rules. Everything that is " +
				"wrong is told at once, with its line. 409 with the code name_taken where another rule has the name.",
		},
		{Name: "getRule", Group: "Rules", Scope: Secret, Summary: "Get a rule", Details: "By its id or name."},
		{
			Name: opUpdateRule, Group: "Rules", Scope: Secret, Summary: "Change a rule",
			Details: "The text replaces what the rule said. With a version that is not the rule's any more it is 409 with the code " +
				"changed. A rule of files is brought back as the files have it when they are applied again.",
		},
		{
			Name: opDeleteRule, Group: "Rules", Scope: Secret, Summary: "Delete a rule",
			Details: "And what is noted of its acts. What it sent is sent.",
		},
		{
			Name: "listRuleActs", Group: "Rules", Scope: Secret, Summary: "List what a rule did",
			Details: "In the last 30 days, newest first: for each event each action once, done, skipped or failed, and why.",
		},
		{
			Name: "tryRule", Group: "Rules", Scope: Secret, Summary: "Try a rule on stored events",
			Details: "Tells which events of the past it would have been for, and what it would have done, as contacts are now. " +
				"Nothing is sent or changed.",
		},
		{
			Name: opApply, Group: "Rules", Scope: Secret, Summary: "Apply a folder of definitions",
			Details: "Makes the rules and workflows of files those of rules/*.yaml and workflows/*.yaml, and tells what " +
				"changes: with " +
				"dryRun that alone. Where a file has a problem nothing is changed. What came of files and no file has any more is " +
				"deleted, unless keep says otherwise; what was made by the API stays. Where workflows " +
				"change a key needs workflows:write, too. A new workflow is enabled.",
		},
	}
}
