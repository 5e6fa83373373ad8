// Copyright The kubectl-vantiq-upgrade Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newCmdCompletion(s *suite) *cobra.Command {
	cmd := s.command("completion", "[SHELL]")
	cmd.Long = `Switch on the completion of words by the TAB key: pools, workloads, namespaces,
contexts, codes of findings, ids of runs, and the values of flags. What the cluster
is asked for takes a second at most, and nothing is shown where it does not answer.

kubectl (1.26 or newer) asks a program named kubectl_complete-vantiq_upgrade on the
PATH to complete the words of kubectl vantiq-upgrade. It is this program by another
name:
  Linux, macOS  kubectl vantiq-upgrade completion install   makes a link
  Windows       kubectl vantiq-upgrade completion install   makes a copy: do it
                                                            again after an upgrade

The shell must have kubectl's own completion:
  bash        source <(kubectl completion bash)     in ~/.bashrc, with the package
              bash-completion; the bash 3.2 of macOS is too old
  zsh         source <(kubectl completion zsh)      in ~/.zshrc, after compinit
  fish        kubectl completion fish | source      in ~/.config/fish/config.fish
  PowerShell  kubectl completion powershell | Out-String | Invoke-Expression
              in the file that $PROFILE names

With the name of a shell (bash, zsh, fish, powershell) it prints the script for who
calls kubectl-vantiq_upgrade by itself, without kubectl.`
	cmd.Example = `  # For kubectl vantiq-upgrade
  kubectl vantiq-upgrade completion install

  # For kubectl-vantiq_upgrade, in this shell
  source <(kubectl-vantiq_upgrade completion bash)`
	cmd.ValidArgsFunction = cobra.FixedCompletions(shells(), offerNothing)
	cmd.Args = oneShell
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return s.script(cmd.Root(), args[0])
	}
	cmd.AddCommand(newCmdCompletionInstall(s))
	return cmd
}

func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

// oneShell takes at most one argument, the name of a shell.
func oneShell(_ *cobra.Command, args []string) error {
	switch {
	case len(args) > 1:
		return fmt.Errorf("one shell at a time; got %s", strings.Join(args, " "))
	case len(args) == 1 && !slices.Contains(shells(), args[0]):
		return fmt.Errorf("no script for the shell %q, only for: %s; or install, for kubectl", args[0], strings.Join(shells(), ", "))
	}
	return nil
}

// script prints what a shell needs to complete the program called by itself.
func (s *suite) script(root *cobra.Command, shell string) error {
	switch shell {
	case "zsh":
		return root.GenZshCompletion(s.Out)
	case "fish":
		return root.GenFishCompletion(s.Out, true)
	case "powershell":
		return root.GenPowerShellCompletionWithDesc(s.Out)
	}
	return root.GenBashCompletionV2(s.Out, true)
}

// installOptions are the options of completion install.
type installOptions struct {
	*suite
	dir string
}

func newCmdCompletionInstall(s *suite) *cobra.Command {
	o := &installOptions{suite: s}
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Let kubectl complete kubectl vantiq-upgrade",
		Long: `Make kubectl_complete-vantiq_upgrade, which kubectl asks to complete the words of
kubectl vantiq-upgrade: a link to the plugin, on Windows a copy of it. It goes beside
the plugin on the PATH, or into another folder, which should be on the PATH as well.
What is there of somebody else's is not overwritten.`,
		Example: `  kubectl vantiq-upgrade completion install

  # Where the folder of the plugin cannot be written
  kubectl vantiq-upgrade completion install --dir ~/bin`,
		Args:                  noArguments,
		DisableFlagsInUseLine: true,
		RunE:                  func(*cobra.Command, []string) error { return o.run() },
	}
	cmd.Flags().StringVar(&o.dir, "dir", "", "Folder to make it in (default: that of the plugin on the PATH)")
	_ = cmd.MarkFlagDirname("dir")
	return cmd
}

func (o *installOptions) run() error {
	program, err := pluginOnPath()
	if err != nil {
		return err
	}
	c := completer{program: program, dir: filepath.Dir(program), copies: runtime.GOOS == "windows"}
	if o.dir != "" {
		if c.dir, err = filepath.Abs(o.dir); err != nil {
			return fmt.Errorf("--dir: %w", err)
		}
	}
	done, err := c.install()
	if err != nil {
		return err
	}
	fmt.Fprintln(o.Out, done)
	if !slices.ContainsFunc(filepath.SplitList(o.Getenv("PATH")), func(dir string) bool { return sameFile(dir, c.dir) }) {
		fmt.Fprintf(o.ErrOut, "Warning: %s is not on the PATH: kubectl will not find it there.\n", c.dir)
	}
	fmt.Fprintln(o.ErrOut, "The shell must have kubectl's own completion: kubectl vantiq-upgrade completion --help")
	return nil
}

// pluginOnPath is the program that kubectl finds; failing that, this one.
func pluginOnPath() (string, error) {
	program, err := exec.LookPath(pluginName)
	if err != nil {
		program, err = os.Executable()
	}
	if err == nil {
		program, err = filepath.Abs(program)
	}
	if err != nil {
		return "", errors.New("where this program is cannot be told; call it by its whole path")
	}
	return program, nil
}
