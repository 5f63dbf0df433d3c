package mailgun_test

import (
	"testing"

	"tidings/provider/providertest"
)

func FuzzOpen(f *testing.F) { providertest.Fuzz(f, suite()) }

// benchmarked is a click as Mailgun tells it.
const benchmarked = `{"event":"clicked","id":"CPgfbmQMTCKtHW6uIWtuVe","timestamp":1777889520.12345,"log-level":"info",` +
	`"recipient":"lea@acme.test","ip":"203.0.113.5","recipient-domain":"acme.test","url":"https://app.test/pay?x=1",` +
	`"message":{"headers":{"message-id":"20260504101159.1.8A03F9A4DA0C4D7A@send.test"}},` +
	`"client-info":{"client-type":"browser","client-os":"Linux","device-type":"desktop","client-name":"Chrome",` +
	`"user-agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.31","bot":""},` +
	`"geolocation":{"country":"US","region":"CA","city":"San Francisco"},"tags":["may"],"campaigns":[],` +
	`"user-variables":{"templateKey":"trial/ending","order":"17"}}`

func BenchmarkOpen(b *testing.B) { providertest.Bench(b, suite(), []byte(benchmarked), 1) }
