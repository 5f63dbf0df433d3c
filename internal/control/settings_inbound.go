package control

import "tidings/internal/source"

// inboundRules: inbound mail comes by the roads of Amazon SES, and names no sending account.
func inboundRules(p *problems, s *source.Source) {
	sesRules(p, s)
	if s.Settings.Account != "" {
		p.add("settings.account", "is not used: inbound mail names no sending account. The list of topics says whose it is")
	}
}
