package control

// statsOperations are those that count.
func statsOperations() []Operation {
	return []Operation{
		{
			Name: "getOverview", Group: "Statistics", Scope: Secret, Summary: "How the project did",
			Details: "Totals and rates of a span, of the span of the same length before it, and of each day; and what needs " +
				"attention: rates that providers act upon, with enough messages to be sure of it.",
		},
		{
			Name: "getDeliverability", Group: "Statistics", Scope: Secret, Summary: "Report how mail is received",
			Details: "The overview, with what needs attention in sentences and what to do, and what it is made of: the ten largest " +
				"domains of recipients and of senders, and the reasons of bounces and complaints.",
		},
		{
			Name: "getStats", Group: "Statistics", Scope: Secret, Summary: "Count events by name, time and dimension",
			Details: "From counters that are kept with every event, so the answer is exact and does not depend on how many events " +
				"there are. unique counts messages once: in the bucket of their first such event. By name and by source events are " +
				"counted by hour, and zone moves the days; by anything else they are counted by days of UTC.",
		},
		{
			Name: "getLinks", Group: "Statistics", Scope: Secret, Summary: "List the links most clicked",
			Details: "Links without their query; \":id\" stands for a part of a path that is a number or a token. unique counts the " +
				"messages in which a person clicked.",
		},
		{
			Name: "getFunnel", Group: "Statistics", Scope: Secret, Summary: "Follow messages from sending to click",
			Details: "Of the messages that were sent in a span, how many were delivered, opened and clicked, whenever that was. " +
				"Opened and clicked are a person's; machine counts those that only programs did.",
		},
		{
			Name: "getDelays", Group: "Statistics", Scope: Secret, Summary: "How long people took to open and click",
			Details: "From sending to the first open or click of a person, of messages sent in a span. Exact to a fifth.",
		},
		{
			Name: "getReasons", Group: "Statistics", Scope: Secret, Summary: "Count why mail bounced at a domain",
			Details: "By the domain of the recipients, of the sender, or both. From the events, for counters know reasons of " +
				"everything alone: it looks at the newest 100,000 bounces of the span and says where that was not all of them.",
		},
		{
			Name: "getReach", Group: "Statistics", Scope: Secret, Summary: "Count the distinct contacts of a template",
			Details: "How many people opened (or what name says) a template, by its events. At a million events it stops and says so.",
		},
	}
}
