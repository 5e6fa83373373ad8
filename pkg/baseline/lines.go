// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Bounds of what is read. A cluster with 30,000 pods takes about 12 MB, which gzip
// makes smaller by a factor of ten: every pod has an uid that is like no other.
const (
	maxBytes = 128 << 20
	maxLine  = 1 << 20
	maxRatio = 100
	// ratioFrom is how much is unpacked before the ratio says something.
	ratioFrom = 1 << 20
)

var (
	errTruncated = errors.New("it is truncated")
	errCutOff    = fmt.Errorf("%w: the packed data end too early; copy it again", errTruncated)
	errBehind    = errors.New("there is something behind its end: it is damaged, or two files were joined")
	errLongLine  = fmt.Errorf("longer than %d bytes", maxLine)
	errTooLarge  = fmt.Errorf("it has more than %d MiB when unpacked: no snapshot is that large", maxBytes>>20)
	errBomb      = fmt.Errorf("it unpacks to more than %d times its size: no snapshot does", maxRatio)
)

// source is a file, unpacked.
type source struct {
	io.Reader
	packed *bufio.Reader
	// came and gave count the bytes before and after unpacking.
	came, gave int
	zipped     bool
}

// packedReader counts what comes of the file.
type packedReader struct {
	io.Reader
	came *int
}

func (r packedReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	*r.came += n
	return n, err
}

// Read unpacks, as long as it is not absurdly much.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.gave += n
	switch {
	case s.gave > maxBytes:
		return 0, errTooLarge
	case s.zipped && s.gave > ratioFrom && s.gave/maxRatio > s.came:
		return 0, errBomb
	}
	return n, err
}

// open looks at the first bytes of a file and unpacks it if need be.
func open(r io.Reader) (*source, error) {
	s := &source{}
	s.packed = bufio.NewReader(packedReader{r, &s.came})
	first, err := s.packed.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.Reader = s.packed
	switch {
	case bytes.Equal(first, []byte{0xff, 0xfe}), bytes.Equal(first, []byte{0xfe, 0xff}):
		return nil, notOurs("it is UTF-16, as > of PowerShell writes; give snapshot the name of the file instead")
	case bytes.Equal(first, []byte{0x1f, 0x8b}):
		unpacked, err := gzip.NewReader(s.packed)
		if err != nil {
			return nil, unpacking(err)
		}
		unpacked.Multistream(false)
		s.Reader, s.zipped = unpacked, true
	}
	return s, nil
}

// end reports what is behind the end of the packed data; that of the unpacked was
// seen before.
func (s *source) end() error {
	if _, err := s.packed.Peek(1); !errors.Is(err, io.EOF) {
		return errBehind
	}
	return nil
}

// unpacking words what is wrong with packed data.
func unpacking(err error) error {
	corrupt := flate.CorruptInputError(0)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errCutOff
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fmt.Errorf("it is damaged: %w", err)
	}
	return err
}

// lines reads a file line by line and sums up what was taken.
type lines struct {
	r   *bufio.Reader
	sum hash.Hash
	// line is the next one, read but not taken; nil for none.
	line []byte
	// number is that of the line taken last.
	number  int
	objects int
}

func newLines(r io.Reader) *lines {
	return &lines{r: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}
}

// peek returns the next line, without its end; io.EOF behind the last one.
func (l *lines) peek() ([]byte, error) {
	if l.line != nil {
		return l.line, nil
	}
	line := []byte{}
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errLongLine
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(line) == 0:
			return nil, io.EOF
		case errors.Is(err, io.EOF):
			return nil, errTruncated
		case err != nil:
			return nil, unpacking(err)
		}
		l.line = line[:len(line)-1]
		return l.line, nil
	}
}

// next is peek for a file that does not end yet.
func (l *lines) next() ([]byte, error) {
	line, err := l.peek()
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errTruncated):
		return nil, fmt.Errorf("%w: it ends after line %d, without the line that begins with end:; copy it again", errTruncated, l.number)
	case errors.Is(err, errLongLine):
		l.number++
		return nil, l.damaged(err.Error())
	}
	return line, err
}

// take counts the next line as read.
func (l *lines) take() {
	l.sum.Write(l.line) // a hash returns no error
	l.sum.Write([]byte{'\n'})
	l.number++
	l.line = nil
}

// damaged is an error about the line that was taken last.
func (l *lines) damaged(why string) error {
	return fmt.Errorf("it is damaged: line %d: %s", l.number, why)
}
