package control

// segmentOperations are those on segments.
func segmentOperations() []Operation {
	return []Operation{
		{
			Name: "listSegments", Group: "Segments", Scope: Secret, Summary: "List segments",
			Details: "Newest first. How many are in a dynamic segment that is not tracked is as of computedAt; " +
				"asking for it by itself counts anew.",
		},
		{
			Name: opCreateSegment, Group: "Segments", Scope: Secret, Summary: "Create a segment",
			Details: "A DYNAMIC segment has whom its condition selects, a STATIC one those whom somebody puts there. With " +
				"trackMembership its members are kept, and whoever comes or goes makes an event; those who are in it when it is made " +
				"do not.",
		},
		{
			Name: "previewSegment", Group: "Segments", Scope: Secret, Summary: "Try a condition",
			Details: "How many contacts a condition selects now, and some of them. Nothing is stored.",
		},
		{Name: "getSegment", Group: "Segments", Scope: Secret, Summary: "Get a segment", Details: "With how many are in it."},
		{
			Name: opUpdateSegment, Group: "Segments", Scope: Secret, Summary: "Change a segment",
			Details: "What is left out stays. A new condition is computed in the background; until then the members are " +
				"the old ones. " +
				"The names of its events stay.",
		},
		{
			Name: opDeleteSegment, Group: "Segments", Scope: Secret, Summary: "Delete a segment",
			Details: "Nobody gets an exit event. A segment that others ask for is a conflict, which names them.",
		},
		{
			Name: "listSegmentContacts", Group: "Segments", Scope: Secret, Summary: "List the contacts in a segment",
			Details: "By age.",
		},
		{
			Name: opAddMembers, Group: "Segments", Scope: Secret, Summary: "Put contacts into a static segment",
			Details: "By address. Those that no contact has are named in notFound.",
		},
		{
			Name: opRemoveMembers, Group: "Segments", Scope: Secret, Summary: "Take contacts out of a static segment",
			Details: "By address.",
		},
		{
			Name: "explainSegment", Group: "Segments", Scope: Secret, Summary: "Explain why a contact is in a segment or not",
			Details: "The condition part by part: what each filter asks, whether that is true, false or unknown of the contact, " +
				"and why.",
		},
		{
			Name: opComputeSegment, Group: "Segments", Scope: Secret, Summary: "Compute the members of a segment anew",
			Details: "A repair, in the background: the members of a tracked segment are kept current anyway.",
		},
	}
}
