// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package supervise

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Phase is what a sandbox is doing.
type Phase string

// The phases of a sandbox.
const (
	PhaseStarting      Phase = "starting"
	PhaseRunning       Phase = "running"
	PhaseAPIServerDown Phase = "apiserver-down"
	PhaseFailed        Phase = "failed"
	PhaseStopped       Phase = "stopped"
)

// Ports are the loopback ports of a sandbox.
type Ports struct {
	APIServer  int `json:"apiServer"`
	EtcdClient int `json:"etcdClient"`
	EtcdPeer   int `json:"etcdPeer"`
}

// State is the record that a sandbox keeps of itself in its directory.
type State struct {
	Phase             Phase              `json:"phase"`
	Message           string             `json:"message,omitempty"`
	Supervisor        Process            `json:"supervisor"`
	Components        map[string]Process `json:"components,omitempty"`
	Ports             Ports              `json:"ports"`
	KubernetesVersion string             `json:"kubernetesVersion,omitempty"`
	Layout            string             `json:"layout"`
	Speed             string             `json:"speed"`
	Owner             *Process           `json:"owner,omitempty"`
	Created           time.Time          `json:"created"`
}

const stateFile = "state.json"

// ReadState reads the record in dir. A directory without one has the phase
// stopped; so has one whose supervisor is gone.
func ReadState(dir string) (State, error) {
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if os.IsNotExist(err) {
		return State{Phase: PhaseStopped}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read the state of the sandbox: %w", err)
	}
	var state State
	if err := json.Unmarshal(data, &state); err != nil {
		return State{}, fmt.Errorf("read the state of the sandbox: %w", err)
	}
	if !state.Supervisor.Alive() {
		state.Phase, state.Message = PhaseStopped, "its supervisor is gone"
	}
	return state, nil
}

// Write puts the record into dir in one step.
func (s State) Write(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the state: %w", err)
	}
	return writeFile(filepath.Join(dir, stateFile), append(data, '\n'))
}

func writeFile(path string, data []byte) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
