// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// A member is one file of an archive. What its source on disk says of times,
// owners and modes counts for nothing: that differs from machine to machine.
type member struct {
	name, source string
	mode         os.FileMode
}

// archiver writes members one after the other.
type archiver interface {
	add(m member, size int64, content io.Reader) error
	Close() error
}

// writeArchive writes the members, sorted by name, all of one time.
func writeArchive(a archiver, members []member) error {
	sorted := slices.SortedFunc(slices.Values(members), func(a, b member) int { return cmp.Compare(a.name, b.name) })
	for _, m := range sorted {
		if err := addFile(a, m); err != nil {
			return fmt.Errorf("packing %s: %w", m.source, err)
		}
	}
	return a.Close()
}

func addFile(a archiver, m member) error {
	file, err := os.Open(m.source)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return a.add(m, info.Size(), file)
}

// tarball is a .tar.gz. Its gzip header has neither a name nor a time.
type tarball struct {
	time time.Time
	zip  *gzip.Writer
	tar  *tar.Writer
}

func newTarball(w io.Writer, at time.Time) *tarball {
	compressed := gzip.NewWriter(w)
	return &tarball{time: at, zip: compressed, tar: tar.NewWriter(compressed)}
}

func (t *tarball) add(m member, size int64, content io.Reader) error {
	header := &tar.Header{
		Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
		Name: m.name, Size: size, Mode: int64(m.mode), ModTime: t.time,
	}
	if err := t.tar.WriteHeader(header); err != nil {
		return err
	}
	_, err := io.Copy(t.tar, content)
	return err
}

// Close ends the archive; the file below it stays open.
func (t *tarball) Close() error {
	if err := t.tar.Close(); err != nil {
		return err
	}
	return t.zip.Close()
}

// zipball is a .zip.
type zipball struct {
	time time.Time
	*zip.Writer
}

func newZipball(w io.Writer, at time.Time) *zipball {
	return &zipball{time: at, Writer: zip.NewWriter(w)}
}

func (z *zipball) add(m member, _ int64, content io.Reader) error {
	header := &zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: z.time}
	header.SetMode(m.mode)
	w, err := z.CreateHeader(header)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, content)
	return err
}
