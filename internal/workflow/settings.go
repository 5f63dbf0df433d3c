package workflow

// Settings hold for all workflows of a project that do not say otherwise. They are stored as JSON: fields are added, never renamed.
type Settings struct {
	Cap   *Cap   `json:"cap,omitempty"`
	Quiet *Quiet `json:"quiet,omitempty"`
}

// Of is what holds for a workflow: what it says itself goes before what its project says.
func (s Settings) Of(d *Definition) Settings {
	if d.Cap != nil {
		s.Cap = d.Cap
	}
	if d.Quiet != nil {
		s.Quiet = d.Quiet
	}
	return s
}

// SkipCapped is the word of Cap.Then for emails that are left out.
const SkipCapped = "skip"
