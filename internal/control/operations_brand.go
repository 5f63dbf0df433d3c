package control

// brandOperations are those on how pages look.
func brandOperations() []Operation {
	return []Operation{
		{
			Name: "getBrand", Group: "Brand", Scope: Secret, Summary: "Get the brand",
			Details: "How the pages look that contacts see: forms, unsubscribing, preferences.",
		},
		{
			Name: opUpdateBrand, Group: "Brand", Scope: Secret, Summary: "Change the brand",
			Details: "Only the fields that are given change.",
		},
	}
}
