// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"bytes"
	_ "embed" // the Vantiq profile
	"errors"
	"fmt"
	"io"
	"os"

	yaml "go.yaml.in/yaml/v3"
)

//go:embed vantiq.yaml
var vantiq []byte

// maxSize bounds what is read of a profile file, in bytes.
const maxSize = 1 << 20

// fieldError is a mistake in a profile, with the line and the field it is in.
type fieldError struct {
	line           int
	field, message string
}

func (e *fieldError) Error() string {
	if e.line == 0 {
		return fmt.Sprintf("field %s: %s", e.field, e.message)
	}
	return fmt.Sprintf("line %d: field %s: %s", e.line, e.field, e.message)
}

// Vantiq returns the embedded profile.
func Vantiq() (*Profile, error) {
	return parse("embedded profile", vantiq)
}

// Load reads the profile in file, or the embedded one when file is empty. An
// error names the file, the line and the field.
func Load(file string) (*Profile, error) {
	if file == "" {
		return Vantiq()
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the profile: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the profile %s: %w", file, err)
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("profile %s: larger than %d bytes: not a profile", file, maxSize)
	}
	return parse(file, data)
}

func parse(file string, data []byte) (*Profile, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, fmt.Errorf("profile %s: %w", file, err)
	}
	p := &Profile{}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(p); err != nil {
		if errors.Is(err, io.EOF) {
			err = errors.New("the file is empty")
		}
		return nil, fmt.Errorf("profile %s: %w", file, err)
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		// What stands after a "---" would not be read, floors and all.
		return nil, fmt.Errorf("profile %s: more than one YAML document in the file", file)
	}
	if problems := p.validate(&root); len(problems) > 0 {
		return nil, fmt.Errorf("profile %s: %w", file, errors.Join(problems...))
	}
	return p, nil
}
