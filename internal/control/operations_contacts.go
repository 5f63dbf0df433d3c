package control

// contactOperations are those on contacts.
func contactOperations() []Operation {
	return []Operation{
		{
			Name: "listContacts", Group: "Contacts", Scope: Secret, Summary: "List and search contacts",
			Details: "Newest first. With search, addresses that begin with the text come first, by address, then those that have " +
				"it elsewhere. A page may hold fewer contacts than its limit, or none, while hasMore is true: go on with cursor.",
		},
		{
			Name: "getContact", Group: "Contacts", Scope: Secret, Summary: "Get a contact",
			Details: "By its id (con_…), its address in any spelling that means the same, or the id that your own system knows it " +
				"by (ext:…). A contact that was merged into another one is found as that one.",
		},
		{
			Name: "getContactExplanation", Group: "Contacts", Scope: Secret, Summary: "Explain why a contact got no mail",
			Details: "Sentences with the facts that they rest on, the weightiest first: what stands against mail to the address, and " +
				"what became of the newest five emails. An address that nobody knows is explained too.",
		},
		{
			Name: "listContactEvents", Group: "Contacts", Scope: Secret, Summary: "Get the timeline of a contact",
			Details: "Newest first, with the filters of listEvents.",
		},
		{
			Name: opPutContact, Group: "Contacts", Scope: Secret, Summary: "Create or update a contact",
			Details: "By its address: 201 for a new one, 200 for one that was there. A new one is subscribed unless subscribed is " +
				"false; one that was there keeps what is left out. data is merged into its attributes key by key, null takes a key " +
				"away. Where the project's limit of active contacts is reached, a new one is PENDING until expiresAt.",
		},
		{
			Name: opUpdateContact, Group: "Contacts", Scope: Secret, Summary: "Update a contact",
			Details: "Only what is given changes; data is merged key by key, null takes a key away.",
		},
		{
			Name: opDeleteContact, Group: "Contacts", Scope: Secret, Summary: "Delete a contact",
			Details: "Its attributes, tags, topics and external id are gone and it is in no list any more. Its events stay, and what " +
				"keeps the address from being mailed: suppressions, and that it unsubscribed.",
		},
		{
			Name: opEraseContact, Group: "Contacts", Scope: Secret, Summary: "Erase a person",
			Details: "By an address, in any spelling. From the answer on (202) nothing of the person is shown or mailed; the server " +
				"goes through everything that is kept in the background. Events lose what they say of the person and stay as numbers, " +
				"so that counters stay true. A keyed hash keeps suppressions in force. An address that nobody is known by can be " +
				"erased, too. Files of exports and backups that were written before are not reached. It can't be undone.",
		},
		{
			Name: "listErasures", Group: "Contacts", Scope: Secret, Summary: "List erasures",
			Details: "Newest first: when, by whom, why, and what it came upon; never who it was.",
		},
		{
			Name: "getErasure", Group: "Contacts", Scope: Secret, Summary: "Get an erasure",
			Details: "How far it is.",
		},
		{
			Name: "getContactAccess", Group: "Contacts", Scope: Secret, Summary: "Export everything kept of a person",
			Details: "Attributes, tags, topics, the history of consent, suppressions, segments and all events, as one JSON object or " +
				"as CSV with a row for each value: what a person may ask for (GDPR, articles 15 and 20).",
		},
		{
			Name: opMergeContacts, Group: "Contacts", Scope: Secret, Summary: "Merge two contacts",
			Details: "from is removed. What it has and the other lacks goes over; of what both say of consent the later counts; " +
				"complaints and what a person said hold for the one that stays, bounces for the address that bounced. Its events " +
				"are found under the one that stays.",
		},
		{
			Name: opPutContacts, Group: "Contacts", Scope: Secret, Summary: "Create or update many contacts",
			Details: "1 to 1,000, each as createContact takes one, in one transaction. What is wrong with one does not hold up the " +
				"others: the answer tells of each.",
		},
		{
			Name: opImportContacts, Group: "Contacts", Scope: Secret, Summary: "Import contacts from a list",
			Details: "CSV with a header: email, and where there are such subscribed, externalId, tags (with ; between them), " +
				"topics.<slug>; every other column is an attribute of its name. Cells are typed: numbers, true and false, JSON; a " +
				"cell in JSON's quotes is text; an empty one says nothing. Good lines go in where others are bad; the first 1,000 bad " +
				"lines are told, all of them in CSV with report=csv. At most 256 MiB and 5,000,000 lines.",
		},
		{
			Name: "exportContacts", Group: "Contacts", Scope: Secret, Summary: "Export contacts",
			Details: "As CSV that an import reads back, or as JSON lines with format=jsonl or Accept: application/jsonl. Cells " +
				"that a spreadsheet would take for a formula begin with an apostrophe in CSV.",
		},
		{
			Name: "listConsents", Group: "Contacts", Scope: Secret, Summary: "Get the history of a contact's consent",
			Details: "Newest first: what people and programs said of all mail and of topics, and what its events said.",
		},
		{
			Name: "listTags", Group: "Contacts", Scope: Secret, Summary: "List the tags of contacts",
			Details: "Sorted, with how many contacts have each.",
		},
		{
			Name: "getContactLimit", Group: "Contacts", Scope: Secret, Summary: "Get the limit of active contacts",
			Details: "And how many are active and wait.",
		},
		{
			Name: opSetContactLimit, Group: "Contacts", Scope: Secret, Summary: "Set the limit of active contacts",
			Details: "0 takes it away. Contacts that are active stay so; those that wait become active where there is room.",
		},
	}
}

// topicOperations are those on topics.
func topicOperations() []Operation {
	return []Operation{
		{
			Name: "listTopics", Group: "Topics", Scope: Secret, Summary: "List topics",
			Details: "Kinds of mail that contacts may take or leave, by name.",
		},
		{
			Name: opCreateTopic, Group: "Topics", Scope: Secret, Summary: "Create a topic",
			Details: "Its slug is made of the name where none is given, and never changes.",
		},
		{Name: "getTopic", Group: "Topics", Scope: Secret, Summary: "Get a topic", Details: "By its id (top_…) or its slug."},
		{
			Name: opUpdateTopic, Group: "Topics", Scope: Secret, Summary: "Change a topic",
			Details: "Only the fields that are given change.",
		},
		{
			Name: opDeleteTopic, Group: "Topics", Scope: Secret, Summary: "Delete a topic",
			Details: "What contacts said of it goes with it; the history of their consent stays.",
		},
	}
}

// formOperations are those on forms and confirmation.
func formOperations() []Operation {
	return []Operation{
		{
			Name: "listForms", Group: "Forms", Scope: Secret, Summary: "List forms",
			Details: "Through which people subscribe themselves, newest first.",
		},
		{
			Name: opCreateForm, Group: "Forms", Scope: Secret, Summary: "Create a form",
			Details: "The answer holds its link, which is public: its page, and where forms of the sites in origins are sent to.",
		},
		{Name: "getForm", Group: "Forms", Scope: Secret, Summary: "Get a form"},
		{
			Name: opUpdateForm, Group: "Forms", Scope: Secret, Summary: "Change a form",
			Details: "Only the fields that are given change; lists are replaced. The link stays.",
		},
		{
			Name: opDeleteForm, Group: "Forms", Scope: Secret, Summary: "Delete a form",
			Details: "Its link ends. Links that people were sent to confirm go on working.",
		},
		{
			Name: opConfirmation, Group: "Forms", Scope: Secret, Summary: "Get the link that a contact confirms with",
			Details: "Of the newest wish to be subscribed that the contact has not confirmed. Where there is none and a " +
				"form is named, one is made. Send the link to the contact alone: whoever opens it can subscribe them. The wish's " +
				"event contact.confirmation has the same link for keys with contacts:write.",
		},
	}
}
