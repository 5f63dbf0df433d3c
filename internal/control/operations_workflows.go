package control

// workflowOperations are those on workflows and their runs, which MailGlyph calls executions.
func workflowOperations() []Operation {
	return []Operation{
		{
			Name: "listWorkflows", Group: "Workflows", Scope: Secret, Summary: "List workflows",
			Details: "By key, page by page. problems says why a workflow can't do all it should, as where a sender that it " +
				"names is gone.",
		},
		{
			Name: opCreateWorkflow, Group: "Workflows", Scope: Secret, Summary: "Create a workflow",
			Details: "The body is a workflow in any of three shapes: ours as on the page on workflows, MailGlyph's with steps and " +
				"outgoingTransitions, or a sequence of Mailshot; or {\"text\": …} with one of them in YAML. Everything that is wrong " +
				"is told at once, with its place. It is not enabled unless enabled is true. 409 with the code name_taken where another " +
				"workflow has the key.",
		},
		{
			Name: "getWorkflow", Group: "Workflows", Scope: Secret, Summary: "Get a workflow",
			Details: "By its id or key, with its steps and transitions, and the same as YAML in text.",
		},
		{
			Name: opUpdateWorkflow, Group: "Workflows", Scope: Secret, Summary: "Change some of a workflow",
			Details: "Only the fields that are given change. What changes in what the workflow says makes a new version: who " +
				"is in it " +
				"stays on the version that they entered.",
		},
		{
			Name: opDefineWorkflow, Group: "Workflows", Scope: Secret, Summary: "Replace what a workflow says",
			Details: "The body is as for creating one. It makes a new version, unless it says the same as before. A workflow " +
				"of files " +
				"is brought back as the files have it when they are applied again.",
		},
		{
			Name: opDuplicateWorkflow, Group: "Workflows", Scope: Secret, Summary: "Duplicate a workflow",
			Details: "The new one says the same under another name and key, and is not enabled.",
		},
		{
			Name: opEnableWorkflow, Group: "Workflows", Scope: Secret, Summary: "Enable a workflow",
			Details: "From now on contacts enter it. What happened before begins nothing.",
		},
		{
			Name: opDisableWorkflow, Group: "Workflows", Scope: Secret, Summary: "Disable a workflow",
			Details: "Nobody enters it any more. Who is in it goes on.",
		},
		{
			Name: opDeleteWorkflow, Group: "Workflows", Scope: Secret, Summary: "Delete a workflow",
			Details: "With its versions and runs. What they sent is sent. 409 with the code workflow_in_use while a rule names it.",
		},
		{
			Name: "listWorkflowVersions", Group: "Workflows", Scope: Secret, Summary: "List the versions of a workflow",
			Details: "Newest first, with how many runs of each go on.",
		},
		{
			Name: "getWorkflowDiff", Group: "Workflows", Scope: Secret, Summary: "Compare two versions of a workflow",
			Details: "A unified difference of their YAML.",
		},
		{
			Name: "getWorkflowFigures", Group: "Workflows", Scope: Secret, Summary: "Count what runs did at each step",
			Details: "How many entered each step, are there now and left it by which way, and what became of its emails, for each " +
				"variant, too.",
		},
		{
			Name: "getWorkflowDiagram", Group: "Workflows", Scope: Secret, Summary: "Draw a workflow",
			Details: "As a flowchart in the language of Mermaid.",
		},
		{
			Name: "validateWorkflow", Group: "Workflows", Scope: Secret, Summary: "Check a draft",
			Details: "The body is as for creating one. Nothing is stored. Answers everything that is wrong with it, with its place " +
				"and its line, and the draft both as a text and as an object: one in the shape of MailGlyph or Mailshot becomes ours.",
		},
		{
			Name: "dryRunWorkflow", Group: "Workflows", Scope: Secret, Summary: "Try a draft on stored events",
			Details: "The workflow need not be stored. Tells who would have entered it by the events of the last days, and of " +
				"the newest 50 " +
				"what would have been sent when and where they would stand. Conditions are asked of contacts as they are now. " +
				"Nothing is " +
				"stored or sent.",
		},
		{
			Name: "dryRunStoredWorkflow", Group: "Workflows", Scope: Secret, Summary: "Try a workflow on stored events",
			Details: "As a draft is tried, of a workflow that is stored, by its id or key.",
		},
		{
			Name: "listWorkflowExecutions", Group: "Workflows", Scope: Secret, Summary: "List the runs of a workflow",
			Details: "Newest first, by numbered pages or with the cursor, which does not pass over any while new ones come.",
		},
		{
			Name: "listExecutions", Group: "Workflows", Scope: Secret, Summary: "List the runs of all workflows",
			Details: "As those of one workflow are listed: all runs of a contact, or all that failed.",
		},
		{
			Name: "getExecutionCounts", Group: "Workflows", Scope: Secret, Summary: "Count runs by status",
			Details: "By workflow and status. Of each status at most 100,000 are counted.",
		},
		{
			Name: "getExecutionByID", Group: "Workflows", Scope: Secret, Summary: "Get a run of any workflow",
			Details: "By the run's id alone.",
		},
		{
			Name: "getExecution", Group: "Workflows", Scope: Secret, Summary: "Get a run",
			Details: "With every step that it entered: when, how it left it, and what became of the email.",
		},
		{
			Name: opStartRun, Group: "Workflows", Scope: Secret, Summary: "Start a run by hand",
			Details: "For a contact that is there, whatever the trigger is; the trigger's condition and the way of entering " +
				"again hold. " +
				"context is what templates may name as data. With an Idempotency-Key the same start again gets the same run. " +
				"409 with the code workflow_disabled or not_admitted where the contact may not enter.",
		},
		{
			Name: opRetryRun, Group: "Workflows", Scope: Secret, Summary: "Retry a run that failed",
			Details: "It tries the step where it failed again. 409 with the code execution_status for a run that did not fail.",
		},
		{
			Name: opSkipRun, Group: "Workflows", Scope: Secret, Summary: "Skip the step of a run",
			Details: "A run that failed or waits goes on behind its step: by the outcome that is named, else as whoever it does not " +
				"concern.",
		},
		{
			Name: opCancelRun, Group: "Workflows", Scope: Secret, Summary: "Cancel a run",
			Details: "It ends where it is. What it sent is sent.",
		},
		{
			Name: opMoveRuns, Group: "Workflows", Scope: Secret, Summary: "Move runs to another version",
			Details: "Those that are named, or all that go on or failed. A run whose step does the same in the other version " +
				"waits on as " +
				"it was; any other begins the step anew that steps names for it, or the one of the same id; where there is none " +
				"it stays. " +
				"At most 10,000 at once: with more true the same again goes on. With dryRun it only tells what would become of them.",
		},
		{Name: "getWorkflowSettings", Group: "Workflows", Scope: Secret, Summary: "Get the settings of all workflows"},
		{
			Name: opSetWorkflowSettings, Group: "Workflows", Scope: Secret, Summary: "Set the settings of all workflows",
			Details: "How many emails of workflows one contact gets within a time, and hours in which nobody is mailed. They " +
				"hold for " +
				"workflows that do not say otherwise, from the next email on.",
		},
	}
}
