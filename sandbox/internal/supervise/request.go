// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	requestFile  = "request.json"
	responseFile = "response.json"
)

// Request asks the supervisor to take the API server away for a while.
type Request struct {
	ID   string        `json:"id"`
	Down time.Duration `json:"down"`
	Kill bool          `json:"kill,omitempty"`
}

// Response tells that a request has been carried out.
type Response struct {
	ID    string `json:"id"`
	Error string `json:"error,omitempty"`
}

// Ask leaves a request in dir and waits for the answer. Files carry them,
// because a socket's path may be no longer than about a hundred characters.
func Ask(ctx context.Context, dir string, supervisor Process, request Request) error {
	data, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("encode the request: %w", err)
	}
	if err := writeFile(filepath.Join(dir, requestFile), data); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the supervisor: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
		if !supervisor.Alive() {
			return fmt.Errorf("the supervisor (process %d) ended meanwhile", supervisor.PID)
		}
		var response Response
		if !readJSON(filepath.Join(dir, responseFile), &response) || response.ID != request.ID {
			continue
		}
		if response.Error != "" {
			return fmt.Errorf("the supervisor answered: %s", response.Error)
		}
		return nil
	}
}

// TakeRequest takes the waiting request out of dir, if there is one.
func TakeRequest(dir string) (Request, bool) {
	var request Request
	path := filepath.Join(dir, requestFile)
	if !readJSON(path, &request) {
		return Request{}, false
	}
	return request, os.Remove(path) == nil
}

// Answer leaves the answer to a request in dir.
func Answer(dir string, response Response) error {
	data, err := json.Marshal(response)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	return writeFile(filepath.Join(dir, responseFile), data)
}

func readJSON(path string, into any) bool {
	data, err := os.ReadFile(path)
	return err == nil && json.Unmarshal(data, into) == nil
}
