package control

import "tidings/internal/source"

// dsnRules: a report by mail carries no signature, so the token or a password is all that proves it.
func dsnRules(p *problems, s *source.Source) {
	if s.Path != "" && len(s.Settings.BasicAuth) == 0 {
		p.add("path", "needs basicAuth: without the token in the URL nothing else proves a report")
	}
	if len(s.Settings.Secrets) > 0 {
		p.add("settings.secrets", "are not used: nobody signs reports by mail. For a password besides the URL's token set basicAuth")
	}
}
