package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"latchd/configs"
	"latchd/lock"
	"latchd/signin"
)

func newClient() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "client",
		Short: "Manage the clients of the owner's API",
		Long: `A client is a program that may sign owners in by phone and code, and then asks for tokens with its id and secret
(OAuth 2.0). A running daemon takes over what changes here within seconds.`,
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newClientAdd(), newClientList(), newClientRevoke())
	return cmd
}

func newClientAdd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Make a client, and print its id and secret, once",
		Example: "  sudo latchd client add tablet",
		Args:    usage(cobra.ExactArgs(1)),
	}
	dir := journalDir(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		d, served, err := dir()
		if err != nil {
			return err
		}
		c, secret, err := signin.AddClient(d, args[0])
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "id      %s\nsecret  %s\n", c.ID, secret)
		fmt.Fprintln(cmd.ErrOrStderr(), "The secret is not kept: it is shown this once.")
		if !served {
			fmt.Fprintln(cmd.ErrOrStderr(), "No client is served until web.listen is set and web.console or web.metrics is true.")
		}
		return nil
	}
	return cmd
}

func newClientList() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the clients", Args: usage(cobra.NoArgs)}
	dir := journalDir(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, _, err := dir()
		if err != nil {
			return err
		}
		clients, err := signin.ListClients(d)
		if err != nil {
			return err
		}
		if len(clients) == 0 {
			fmt.Fprintln(cmd.ErrOrStderr(), "There is no client. Make one: latchd client add NAME")
			return nil
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tID\tMADE")
		for _, c := range clients {
			fmt.Fprintf(w, "%s\t%s\t%s\n", c.Name, c.ID, c.Created.UTC().Format(lock.Stamp))
		}
		return w.Flush()
	}
	return cmd
}

func newClientRevoke() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Remove a client: its tokens open nothing from now on",
		Args:  usage(cobra.ExactArgs(1)),
	}
	dir := journalDir(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		d, _, err := dir()
		if err != nil {
			return err
		}
		return signin.RemoveClient(d, args[0])
	}
	return cmd
}

// journalDir adds the flag that names the configuration. It returns what reads from it where clients are kept, and whether
// they are served.
func journalDir(cmd *cobra.Command) func() (dir string, served bool, err error) {
	path := configFlag(cmd)
	return func() (string, bool, error) {
		cfg, err := configs.Load(*path)
		if err != nil {
			return "", false, err
		}
		return cfg.Journal.Path, (cfg.Web.Console || cfg.Web.Metrics) && cfg.Web.Listen != "", nil
	}
}
