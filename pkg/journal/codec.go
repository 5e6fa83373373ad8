// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// version is that of what the ConfigMaps hold. A program never writes to a run
// of another version than its own.
const version = 1

// maxNumber bounds the numbers of changes: a higher one is damage.
const maxNumber = 1 << 30

// maxShards bounds what a header may count: a higher number is damage.
const maxShards = 10_000

// maxNote bounds a note in bytes, so that a full shard has room for the notes
// that come later.
const maxNote = 300

// header is the run itself as shard 0 keeps it.
type header struct {
	Version int `json:"version"`
	// Shards is the number of shards. It is written after a shard, so that it
	// may be too low, never too high.
	Shards int `json:"shards"`
	Run
}

// otherVersionError says that a header is of a version that this program does not
// know.
type otherVersionError struct{ version string }

func (e otherVersionError) Error() string {
	return fmt.Sprintf("it is of version %s of the journal; this program knows version %d", e.version, version)
}

// decodeHeader reads the header of the run id. What can be read of it is
// returned with an error too.
func decodeHeader(raw, id string) (header, error) {
	var form struct {
		Version json.RawMessage `json:"version"`
	}
	h := header{Run: Run{ID: id}}
	if err := json.Unmarshal([]byte(raw), &form); err != nil {
		return h, fmt.Errorf("the line of the run cannot be read: %w", err)
	}
	if form.Version == nil {
		return h, errors.New("the line of the run has no version")
	}
	err := json.Unmarshal([]byte(raw), &h)
	named := h.ID
	h.ID = id
	switch {
	case string(form.Version) != strconv.Itoa(version):
		return h, otherVersionError{shorten(string(form.Version), 20)}
	case err != nil:
		return h, fmt.Errorf("the line of the run cannot be read: %w", err)
	case h.Shards < 1 || h.Shards > maxShards:
		return h, fmt.Errorf("it counts %d parts", h.Shards)
	case named != id:
		return h, fmt.Errorf("it is of another run, %q", shorten(named, 60))
	}
	return h, nil
}

// line is one line of a shard. What cannot be read is kept as it is.
type line struct {
	raw string
	// change is nil when the line cannot be read; err then says why.
	change *Change
	err    error
}

// decodeLine reads a line as it is stored.
func decodeLine(raw string) line {
	change := new(Change)
	err := json.Unmarshal([]byte(raw), change)
	if err == nil {
		err = change.check()
	}
	if err != nil {
		return line{raw: raw, err: err}
	}
	return line{raw: raw, change: change}
}

// check reports what a line lacks without which it cannot be acted upon. An
// unknown state is no such thing.
func (c Change) check() error {
	for _, field := range []struct {
		name    string
		missing bool
	}{
		{"n", c.Number < 1 || c.Number > maxNumber},
		{"object.kind", c.Object.Kind == ""},
		{"object.name", c.Object.Name == ""},
		{"field", c.Field == ""},
		{"before", c.Before == nil},
		{"after", c.After == nil},
		{"state", c.State == ""},
	} {
		if field.missing {
			return fmt.Errorf("%s is missing or out of range", field.name)
		}
	}
	return nil
}

// encode writes a value over an older form of it. What that has and this version
// does not know is kept: nothing that somebody else has written is lost.
func encode[T any](value T, older string) (string, error) {
	text, err := marshal(value)
	if err != nil {
		return "", err
	}
	unknown, err := unknownFields[T](older)
	if err != nil || len(unknown) == 0 {
		return text, err
	}
	rest, err := marshal(unknown)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(text, "}") + "," + strings.TrimPrefix(rest, "{"), nil
}

// marshal returns JSON on one line, without the escapes for HTML.
func marshal(value any) (string, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("writing the journal: %w", err)
	}
	return strings.TrimSuffix(buffer.String(), "\n"), nil
}

// unknownFields returns the fields of a JSON object that T does not have.
func unknownFields[T any](raw string) (map[string]json.RawMessage, error) {
	if raw == "" || strict(raw, new(T)) == nil {
		return nil, nil
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(raw), &fields); err != nil {
		return nil, fmt.Errorf("reading the journal: %w", err)
	}
	for _, name := range slices.Collect(maps.Keys(fields)) {
		alone, err := marshal(map[string]json.RawMessage{name: fields[name]})
		if err != nil {
			return nil, err
		}
		if strict(alone, new(T)) == nil {
			delete(fields, name)
		}
	}
	return fields, nil
}

// strict reads JSON and refuses what the value has no field for.
func strict(raw string, value any) error {
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(value)
}

// compact returns a value of a field in the form in which it is compared; none
// is null.
func compact(value json.RawMessage) (json.RawMessage, error) {
	if len(value) == 0 {
		return json.RawMessage("null"), nil
	}
	var buffer bytes.Buffer
	if err := json.Compact(&buffer, value); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// oneLine makes a note of a message: one line, not too long.
func oneLine(message string) string {
	return shorten(strings.Join(strings.Fields(strings.ToValidUTF8(message, "")), " "), maxNote)
}

// shorten cuts a text to at most n bytes, never within a character.
func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	const mark = "…"
	n -= len(mark)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + mark
}
