package config

import (
	"path/filepath"
	"strings"
)

// Sealing says where the key is that seals secrets. Commands that work on endpoints have it, too.
type Sealing struct {
	SealKeyFile  string `placeholder:"FILE" type:"path" help:"File with the key that seals secrets in the database: 32 bytes in Base64. Default: beside the SQLite file (tidings.key), made where it is missing. On PostgreSQL endpoints need it, the same on every node."`
	EndpointHTTP bool   `name:"endpoint-http" help:"Let endpoints have URLs of http, and any port; else they are https on 443 or 8443."`
}

// Endpoints say how events go out to endpoints.
type Endpoints struct {
	Sealing             `embed:""`
	RetentionDispatches Duration `default:"30d" placeholder:"TIME" help:"How long it is kept what endpoints were sent and answered; 0 is for ever."`
}

// KeyFile is the file of the key, with a database that may tell it; empty: nobody said where it is. own reports that the
// server may make it: another node would make another one.
func (e Sealing) KeyFile(db DatabaseURL) (path string, own bool) {
	switch {
	case db.Postgres() || db == "":
		return e.SealKeyFile, false
	case e.SealKeyFile != "":
		return e.SealKeyFile, true
	}
	return strings.TrimSuffix(string(db), filepath.Ext(string(db))) + ".key", true
}
