// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"unicode"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// maxObjects bounds the objects of a file. The largest clusters that Kubernetes is
// made for have 150,000 pods.
const maxObjects = 300_000

// Read reads what Write has written, gzipped or not. It refuses whatever is not
// whole, and says why; its memory is bounded whatever it is given. Whether the
// snapshot is of this cluster is not judged here.
func Read(r io.Reader) (*v1alpha1.ClusterSnapshot, error) {
	raw, err := open(r)
	if err != nil {
		return nil, err
	}
	in := newLines(raw)
	if err := in.header(); err != nil {
		return nil, err
	}
	s := &v1alpha1.ClusterSnapshot{TypeMeta: v1alpha1.TypeMeta(kind)}
	for _, section := range sections(s) {
		if err := in.section(section); err != nil {
			return nil, err
		}
	}
	if err := in.end(Counts(s)); err != nil {
		return nil, err
	}
	if err := raw.end(); err != nil {
		return nil, err
	}
	return s, nil
}

// header reads the lines that say what the file is.
func (l *lines) header() error {
	for {
		line, err := l.peek()
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("the file is empty")
		case err != nil && isMalformed(err):
			return notOurs("it does not begin as one")
		case err != nil:
			return err
		}
		if !bytes.HasPrefix(line, []byte("#")) {
			break
		}
		l.take()
	}
	apiVersion, err := l.word("apiVersion")
	if err != nil {
		return err
	}
	group, version, _ := strings.Cut(apiVersion, "/")
	if group != v1alpha1.Group {
		return notOurs("it does not begin as one")
	}
	known, err := l.word("kind")
	if err != nil {
		return err
	}
	if known != kind {
		return notOurs("it is a " + shorten(known))
	}
	if version != v1alpha1.GroupVersion().Version {
		return newer(apiVersion)
	}
	return l.format()
}

// format reads the number of the form.
func (l *lines) format() error {
	number, err := l.word("format")
	if err != nil {
		return fmt.Errorf("it has no number of its format: this version of the plugin reads format %d only; take a new snapshot", format)
	}
	switch n, err := strconv.Atoi(number); {
	case err != nil:
		return l.damaged("the number of the format cannot be read")
	case n > format:
		return newer("format " + strconv.Itoa(n))
	case n < format:
		return fmt.Errorf("it is of format %d, older than format %d, which this version of the plugin reads: use the version that wrote it, or take a new snapshot", n, format)
	}
	return nil
}

// word reads a line with a key and a word, before it is known that it is ours.
func (l *lines) word(key string) (string, error) {
	line, err := l.peek()
	if err != nil && !isMalformed(err) {
		return "", err
	}
	value, found := strings.CutPrefix(string(line), key+": ")
	if err != nil || !found {
		return "", notOurs("it does not begin as one")
	}
	l.take()
	return value, nil
}

// isMalformed reports whether an error says that a text is not made of lines as
// ours are; packed data that end too early may still be.
func isMalformed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, errLongLine) || errors.Is(err, errTruncated) && !errors.Is(err, errCutOff)
}

// section reads a value or a list.
func (l *lines) section(s section) error {
	line, err := l.next()
	if err != nil {
		return err
	}
	rest, found := strings.CutPrefix(string(line), s.key+":")
	switch {
	case !found && s.absent:
		return nil
	case !found:
		l.take()
		return l.damaged(s.key + ": should be here")
	}
	l.take()
	if s.list == nil {
		return l.decode([]byte(rest), s.value)
	}
	s.list.empty()
	switch rest {
	case " []":
		return nil
	case "":
		return l.list(s.list)
	}
	return l.damaged("it cannot be read")
}

// list reads the objects of a list.
func (l *lines) list(into *records) error {
	for {
		line, err := l.next()
		if err != nil {
			return err
		}
		record, found := bytes.CutPrefix(line, []byte("- "))
		if !found {
			return nil
		}
		l.take()
		if l.objects++; l.objects > maxObjects {
			return fmt.Errorf("it has more than %d objects: no cluster is that large", maxObjects)
		}
		if err := into.add(func(value any) error { return l.decode(record, value) }); err != nil {
			return err
		}
	}
}

// decode reads the JSON of the line that was taken last.
func (l *lines) decode(text []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return l.damaged("it cannot be read: " + shorten(err.Error()))
	}
	if decoder.InputOffset() != int64(len(text)) {
		return l.damaged("there is something behind it")
	}
	return nil
}

// end reads the last line, and holds it against all that came before.
func (l *lines) end(counts map[string]int) error {
	line, err := l.next()
	if err != nil {
		return err
	}
	text, found := bytes.CutPrefix(line, []byte("end: "))
	if !found {
		return l.damaged("it belongs to no part of a snapshot")
	}
	l.number++
	sum := hex.EncodeToString(l.sum.Sum(nil))
	var last end
	switch err := l.decode(text, &last); {
	case err != nil:
		return err
	case last.SHA256 != sum:
		return errors.New("it is damaged or was edited: its checksum is another")
	case !maps.Equal(last.Counts, counts):
		return errors.New("it is damaged: there are not as many objects as its last line says")
	}
	l.line = nil
	switch _, err := l.peek(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil && !isMalformed(err):
		return err
	}
	return errBehind
}

func notOurs(why string) error {
	return fmt.Errorf("it is not a file of kubectl vantiq-upgrade snapshot: %s", why)
}

func newer(what string) error {
	return fmt.Errorf("it was written by a newer version of the plugin (%s): use that version; this one reads %s, format %d", shorten(what), v1alpha1.GroupVersion(), format)
}

// shorten bounds what is repeated of a file in an error, and keeps it on a line.
func shorten(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
}
