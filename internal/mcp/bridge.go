package mcp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Bridge passes what an assistant's program says on standard input on to a server, and its answers back. It knows no
// tool: what may be done is for the server to say.
type Bridge struct {
	URL    string // of the server: https://tidings.example.com, or with /mcp at its end
	Key    string // sk_…
	Client *http.Client

	mu      sync.Mutex // of the output and the version
	out     io.Writer
	version string // of the protocol, as the server and the program agreed
}

// NewBridge makes a bridge. It refuses a URL that is none, and one on which a stranger could read the key.
func NewBridge(server, key string) (*Bridge, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not the URL of a server: want https://tidings.example.com", server)
	}
	if u.Scheme == "http" && !surelyOurs(u.Hostname()) {
		return nil, fmt.Errorf("the key would go to %s in the clear: use https", u.Host)
	}
	if !strings.HasSuffix(u.Path, Path) {
		u.Path = strings.TrimSuffix(u.Path, "/") + Path
	}
	return &Bridge{URL: u.String(), Key: key, Client: &http.Client{
		Timeout: bridgeTimeout,
		// A redirect could lead the key elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

const (
	bridgeTimeout = 2 * callTimeout
	bridgeCalls   = 8 // at once
	// standardHeaders is the first version of the protocol whose requests tell in headers what they are.
	standardHeaders = askingVersion
)

// Run passes messages, one a line, until in ends.
func (b *Bridge) Run(ctx context.Context, in io.Reader, out io.Writer) error {
	b.out = out
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxBody)
	var calls errgroup.Group
	calls.SetLimit(bridgeCalls)
	for lines.Scan() {
		line := bytes.Clone(bytes.TrimSpace(lines.Bytes()))
		if len(line) == 0 {
			continue
		}
		calls.Go(func() error { return b.pass(ctx, line) })
	}
	err := lines.Err()
	if err != nil {
		err = fmt.Errorf("read standard input: %w", err)
	}
	return errors.Join(err, calls.Wait())
}

// spoken is what the bridge must know of a message.
type spoken struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params struct {
		Name string                     `json:"name"`
		URI  string                     `json:"uri"`
		Meta map[string]json.RawMessage `json:"_meta"`
	} `json:"params"`
}

// pass sends one message. Only an output that is gone is an error: everything else is told in an answer.
func (b *Bridge) pass(ctx context.Context, line []byte) error {
	var m spoken
	if err := json.Unmarshal(line, &m); err != nil {
		return b.tell(m, "this is not a message of JSON-RPC")
	}
	answer, problem := b.send(ctx, &m, line)
	switch {
	case problem != "":
		return b.tell(m, problem)
	case len(answer) == 0:
		return nil
	}
	return b.write(answer)
}

func (b *Bridge) send(ctx context.Context, m *spoken, line []byte) (answer []byte, problem string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, b.URL, bytes.NewReader(line))
	if err != nil {
		return nil, err.Error()
	}
	b.head(r.Header, m)
	res, err := b.Client.Do(r)
	if err != nil {
		return nil, "the server can't be reached: " + unwrapped(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, "the answer of the server broke off: " + unwrapped(err)
	}
	var compact bytes.Buffer
	isJSON := json.Compact(&compact, body) == nil
	var said struct {
		Version string `json:"jsonrpc"`
		Detail  string `json:"detail"`
		Hint    string `json:"hint"`
		Result  struct {
			ProtocolVersion string `json:"protocolVersion"`
		} `json:"result"`
	}
	switch {
	case len(body) == 0 && res.StatusCode/100 == 2:
		return nil, ""
	case !isJSON || json.Unmarshal(body, &said) != nil || said.Version == "" && said.Detail == "":
		return nil, fmt.Sprintf("status %d from %s, which is no answer of a Tidings server: see that the URL is "+
			"right", res.StatusCode, b.URL)
	case said.Version == "":
		return nil, strings.TrimSpace(said.Detail + ". " + said.Hint)
	}
	if m.Method == "initialize" {
		b.mu.Lock()
		b.version = said.Result.ProtocolVersion
		b.mu.Unlock()
	}
	return compact.Bytes(), ""
}

// maxAnswer bounds an answer: a hundred rows with everything in them are far smaller.
const maxAnswer = 16 << 20

// head writes the headers of a message.
func (b *Bridge) head(h http.Header, m *spoken) {
	h.Set("Content-Type", "application/json")
	h.Set("Accept", "application/json, text/event-stream")
	h.Set("Authorization", "Bearer "+b.Key)
	var version string
	if json.Unmarshal(m.Params.Meta["io.modelcontextprotocol/protocolVersion"], &version) != nil || version == "" {
		b.mu.Lock()
		version = b.version
		b.mu.Unlock()
	}
	if version == "" || m.Method == "initialize" {
		return
	}
	h.Set("Mcp-Protocol-Version", version)
	if version < standardHeaders || m.Method == "" {
		return
	}
	h.Set("Mcp-Method", m.Method)
	if name := m.Params.Name + m.Params.URI; name != "" && !strings.ContainsAny(name, "\r\n") {
		h.Set("Mcp-Name", name)
	}
}

// unwrapped is the cause of a failed request without its URL.
func unwrapped(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

// tell answers a call that did not get through. What is no call gets no answer.
func (b *Bridge) tell(m spoken, problem string) error {
	if len(m.ID) == 0 || m.Method == "" {
		return nil
	}
	line, err := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": m.ID, "error": map[string]any{"code": internalError, "message": problem},
	})
	if err != nil {
		return fmt.Errorf("encode an error: %w", err)
	}
	return b.write(line)
}

// internalError is JSON-RPC's code for what went wrong on our side of the wire.
const internalError = -32603

func (b *Bridge) write(line []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, err := b.out.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}
