// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package baseline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/vantiq-upgrade/kubectl-vantiq-upgrade/pkg/api/v1alpha1"
)

// packedSuffix is the end of the names of files that are gzipped.
const packedSuffix = ".gz"

// CheckFile reports whether a file may be written: what is there already stays,
// unless it is a file and overwrite is true.
func CheckFile(name string, overwrite bool) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return checkFolder(filepath.Dir(name))
	case err != nil:
		return fmt.Errorf("looking for %s: %w", name, err)
	case info.IsDir():
		return fmt.Errorf("%s is a folder: name a file in it", name)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is no regular file; - stands for stdout", name)
	case !overwrite:
		return existsError(name)
	}
	return nil
}

func checkFolder(dir string) error {
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("there is no folder for it: %w", err)
	}
	return nil
}

func existsError(name string) error {
	return fmt.Errorf("%s exists already: name another file, or give --overwrite", name)
}

// WriteFile writes a snapshot to a file, gzipped where its name ends in .gz, and
// returns how long that is. Only its owner may read it. The file is there when it
// is whole, and never before.
func WriteFile(name string, s *v1alpha1.ClusterSnapshot, overwrite bool) (int64, error) {
	size, err := writeFile(name, s, overwrite)
	if err != nil {
		return 0, fmt.Errorf("writing %s: %w", name, err)
	}
	return size, nil
}

func writeFile(name string, s *v1alpha1.ClusterSnapshot, overwrite bool) (int64, error) {
	temporary, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*.tmp")
	if err != nil {
		return 0, err
	}
	defer os.Remove(temporary.Name()) //nolint:errcheck // it has the right name by then, or there is nothing to be done
	defer temporary.Close()
	write := Write
	if strings.HasSuffix(name, packedSuffix) {
		write = WriteGzip
	}
	if err := write(io.Writer(temporary), s); err != nil {
		return 0, err
	}
	if err := temporary.Sync(); err != nil {
		return 0, err
	}
	info, err := temporary.Stat()
	if err != nil {
		return 0, err
	}
	if err := temporary.Close(); err != nil {
		return 0, err
	}
	return info.Size(), give(temporary.Name(), name, overwrite)
}

// give gives a file its name. A link never replaces what somebody else wrote
// meanwhile; where the file system knows none, looking comes close.
func give(temporary, name string, overwrite bool) error {
	if !overwrite {
		switch err := os.Link(temporary, name); {
		case err == nil:
			return nil
		case errors.Is(err, fs.ErrExist):
			return existsError(name)
		}
		if err := CheckFile(name, false); err != nil {
			return err
		}
	}
	return os.Rename(temporary, name)
}

// ReadFile reads a snapshot from a file.
func ReadFile(name string) (*v1alpha1.ClusterSnapshot, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %w", err)
	}
	defer file.Close()
	s, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline %s: %w", name, err)
	}
	return s, nil
}
