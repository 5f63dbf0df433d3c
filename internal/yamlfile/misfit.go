package yamlfile

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// misfit is what is wrong with a file that is YAML and not what was looked for, and where. An empty pointer is the whole.
func misfit(err error, what string) (Problem, jsontext.Pointer) {
	e, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return Problem{"", "can't be read: " + firstLine(err.Error())}, ""
	}
	at := pointed(e.JSONPointer)
	if errors.Is(err, json.ErrUnknownName) {
		return Problem{at, "is no field of a " + what}, e.JSONPointer
	}
	if e.Err == nil {
		return Problem{at, "does not fit: " + kinds[e.JSONKind] + " does not belong there"}, e.JSONPointer
	}
	return Problem{at, "does not fit: " + fmt.Sprint(e.Err)}, e.JSONPointer
}

// kinds are the words for what JSON has.
var kinds = map[jsontext.Kind]string{
	'n': "nothing", 'f': "false", 't': "true", '"': "a text", '0': "a number", '{': "a map", '[': "a list", 0: "this",
}

// pointed writes a JSON pointer as problems do: "rules[0].on.event".
func pointed(pointer jsontext.Pointer) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case isNumber(token):
			b.WriteString("[" + token + "]")
		case b.Len() > 0:
			b.WriteString("." + token)
		default:
			b.WriteString(token)
		}
	}
	return b.String()
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// without gives JSON without the part at a pointer, so that what is wrong behind it can be found, too: a member is left out,
// an element becomes null, which says nothing. Nil is that there is no such part.
func without(raw []byte, pointer jsontext.Pointer) []byte {
	if pointer == "" {
		return nil
	}
	var whole any
	if err := json.Unmarshal(raw, &whole); err != nil {
		return nil
	}
	in := whole
	for token := range pointer.Parent().Tokens() {
		in = part(in, token)
	}
	switch last := pointer.LastToken(); in := in.(type) {
	case map[string]any:
		if _, there := in[last]; !there {
			return nil
		}
		delete(in, last)
	case []any:
		i, err := strconv.Atoi(last)
		if err != nil || i < 0 || i >= len(in) || in[i] == nil {
			return nil
		}
		in[i] = nil
	default:
		return nil
	}
	rest, err := json.Marshal(whole, json.Deterministic(true)) // what is told does not depend on chance
	if err != nil {
		return nil
	}
	return rest
}

// part is a member of an object or an element of a list; nil where there is none.
func part(in any, token string) any {
	switch in := in.(type) {
	case map[string]any:
		return in[token]
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(in) {
			return in[i]
		}
	}
	return nil
}
