package api_test

import (
	"net/http"
	"strings"
)

// badTracks are events that are not taken.
func badTracks() []badRequest {
	track := func(name, body string, status int) badRequest {
		return badRequest{name: "track " + name, method: http.MethodPost, target: "/v1/track", body: body, status: status}
	}
	of := func(field, value string) string {
		return `{"email":"lea@acme.test","event":"paid","` + field + `":` + value + `}`
	}
	batch := func(name, body string, status int) badRequest {
		return badRequest{name: "track batch " + name, method: http.MethodPost, target: "/v1/track/batch", body: body, status: status}
	}
	keyed := func(name, key string) badRequest {
		b := track(name, of("data", "{}"), 422)
		b.header = http.Header{"Idempotency-Key": {key}}
		return b
	}
	var thousand strings.Builder
	for i := range 1001 {
		thousand.WriteString(`"k` + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + `":1,`)
	}
	return []badRequest{
		track("nothing", `{}`, 422),
		track("nobody", `{"email":"","event":""}`, 422),
		track("wrong kinds", `{"email":1,"event":[],"subscribed":"yes","data":[],"timestamp":1,"externalId":2,"tags":"a"}`, 422),
		track("unknown field", of("dta", "{}"), 422),
		track("no address", `{"email":"lea","event":"paid"}`, 422),
		track("address with a pipe", `{"email":"a|b","event":"paid"}`, 422),
		track("address with a line end", `{"email":"a@acme.test\nb@acme.test","event":"paid"}`, 422),
		track("address too long", `{"email":"`+strings.Repeat("a", 600)+`@acme.test","event":"paid"}`, 422),
		track("reserved name", `{"email":"lea@acme.test","event":"email.open"}`, 422),
		track("reserved word", `{"email":"lea@acme.test","event":"Clicked"}`, 422),
		track("reserved segment", `{"email":"lea@acme.test","event":"segment.vip.entry"}`, 422),
		track("name too long", `{"email":"lea@acme.test","event":"`+strings.Repeat("x", 257)+`"}`, 422),
		track("name with a NUL", `{"email":"lea@acme.test","event":"a\u0000b"}`, 422),
		track("data no object", of("data", `"x"`), 422),
		track("data with a key twice", of("data", `{"a":1,"a":2}`), 400),
		track("data too large", of("data", `{"a":"`+strings.Repeat("x", 64<<10)+`"}`), 422),
		track("data of ten megabytes", of("data", `{"a":"`+strings.Repeat("x", 10<<20)+`"}`), 413),
		track("data with too many keys", of("data", `{`+thousand.String()+`"a":1}`), 422),
		track("data too deep", of("data", `{"a":`+strings.Repeat(`{"a":`, 9)+`1`+strings.Repeat(`}`, 9)+`}`), 422),
		track("locale no text", of("data", `{"locale":1}`), 422),
		track("no time", of("timestamp", `"yesterday"`), 422),
		track("too long ago", of("timestamp", `"2026-02-03"`), 422),
		track("in the future", of("timestamp", `"2026-05-05T12:06:00Z"`), 422),
		track("external id too long", of("externalId", `"`+strings.Repeat("x", 256)+`"`), 422),
		track("tags empty and too long", of("tags", `["","`+strings.Repeat("x", 101)+`"]`), 422),
		track("too many tags", of("tags", `["a"`+strings.Repeat(`,"a"`, 100)+`]`), 422),
		keyed("idempotency key too long", strings.Repeat("k", 256)),
		keyed("idempotency key not of ASCII", "kä"),
		batch("empty", `{"events":[]}`, 422),
		batch("without events", `{}`, 422),
		batch("no list", `{"events":{}}`, 422),
		batch("too long", `{"events":[1`+strings.Repeat(`,1`, 1000)+`]}`, 422),
		{name: "key bounds", method: http.MethodPost, target: "/keys", status: 422, body: `{"kind":"secret","bounds":{
			"events":["email.open",""],"origins":["acme.test","https://acme.test/page","https://*.acme.test"],"domains":["no domain"],
			"subscribes":true}}`},
	}
}
