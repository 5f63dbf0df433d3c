package control

// alertOperations are those on alerts, what raises them and whom they are told.
func alertOperations() []Operation {
	return []Operation{
		{
			Name: "listAlerts", Group: "Alerts", Scope: Secret, Summary: "List alerts",
			Details: "Newest first. state=raised lists those that hold now; without it the list is the history, too. What is " +
				"over is kept for 400 days.",
		},
		{
			Name: "getAlert", Group: "Alerts", Scope: Secret, Summary: "Get an alert",
			Details: "With who was told of it, and whether that worked.",
		},
		{
			Name: opAcknowledgeAlert, Group: "Alerts", Scope: Secret, Summary: "Take note of an alert",
			Details: "Tells others that somebody looks after it, with a note. It goes on until its figures are good again.",
		},
		{
			Name: opMuteAlert, Group: "Alerts", Scope: Secret, Summary: "Mute an alert",
			Details: "Nobody is told of it until then, nor of another one of the same rule about the same subject. It is in " +
				"the history all the same. Without until it is told again.",
		},
		{
			Name: "listAlertRules", Group: "Alerts", Scope: Secret, Summary: "List what raises alerts",
			Details: "By name: the rules that every project has (builtIn), and those that were made.",
		},
		{
			Name: opCreateAlertRule, Group: "Alerts", Scope: Secret, Summary: "Create an alert rule",
			Details: "What is left out has the default of its kind. Everything that is wrong is told at once. 409 with the " +
				"code name_taken where another rule has the name.",
		},
		{Name: "getAlertRule", Group: "Alerts", Scope: Secret, Summary: "Get an alert rule", Details: "By its id or name."},
		{
			Name: opUpdateAlertRule, Group: "Alerts", Scope: Secret, Summary: "Change an alert rule",
			Details: "What is left out stays. A rule that every project has can be changed and switched off like any other.",
		},
		{
			Name: opDeleteAlertRule, Group: "Alerts", Scope: Secret, Summary: "Delete an alert rule",
			Details: "What it raised ends within a minute. A rule that every project has is as it was at the beginning; one " +
				"that was not changed is 409 with the code built_in: switch it off instead.",
		},
		{
			Name: "tryAlertRule", Group: "Alerts", Scope: Secret, Summary: "Try an alert rule on the past",
			Details: "Tells which alerts it would have raised in the last 30 days. Rates can be tried, by the hour, or by the " +
				"day where they are of domains or templates. Nothing is stored or told.",
		},
		{Name: "listAlertChannels", Group: "Alerts", Scope: Secret, Summary: "List whom alerts are told"},
		{
			Name: opCreateAlertChannel, Group: "Alerts", Scope: Secret, Summary: "Create a channel of alerts",
			Details: "email tells addresses, through the project's sender. slack posts to an incoming webhook of Slack, or of " +
				"a program that understands the same; its url is a secret, and only its host is shown again.",
		},
		{Name: "getAlertChannel", Group: "Alerts", Scope: Secret, Summary: "Get a channel of alerts", Details: "By its id or name."},
		{
			Name: opUpdateAlertChannel, Group: "Alerts", Scope: Secret, Summary: "Change a channel of alerts",
			Details: "What is left out stays.",
		},
		{
			Name: opDeleteAlertChannel, Group: "Alerts", Scope: Secret, Summary: "Delete a channel of alerts",
			Details: "What it was still to be told is not told.",
		},
		{
			Name: opTestAlertChannel, Group: "Alerts", Scope: Secret, Summary: "Test a channel of alerts",
			Details: "Tells it at once something that is marked as a test, and answers whether that worked.",
		},
	}
}
