package config

// Tracking says what may be tracked and how much of it.
type Tracking struct {
	TrackPast        Duration `default:"90d" placeholder:"TIME" help:"How old the timestamp of a tracked event may be, at most as events are kept; 0 is as old as they are kept."`
	TrackAhead       Duration `default:"5m" placeholder:"TIME" help:"How far ahead the timestamp of a tracked event may be, for clocks that differ."`
	TrackProjectRate Rate     `default:"50000/1s" placeholder:"COUNT/TIME" help:"Tracked events of a project within a time; more are told when to come back; 0 is no limit."`
	TrackKeyRate     Rate     `default:"50000/1s" placeholder:"COUNT/TIME" help:"Tracked events of each key within a time; 0 is no limit."`
	TrackClientRate  Rate     `default:"600/1m" placeholder:"COUNT/TIME" help:"Events tracked with public keys from each network address within a time; 0 is no limit."`
	TrackContactRate Rate     `default:"120/1m" placeholder:"COUNT/TIME" help:"Events tracked with public keys about each contact within a time; 0 is no limit."`
}
