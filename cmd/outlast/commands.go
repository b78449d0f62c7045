package main

import "github.com/spf13/cobra"

// commands returns every command.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.initCommand(), a.loginCommand(), a.syncCommand(), a.daemonCommand(), a.serviceCommand(), a.statusCommand(), a.reportCommand(), a.logsCommand(),
		a.lsCommand(), a.showCommand(), a.addCommand(), a.editCommand(), a.checkCommand(), a.mvCommand(),
		a.rmCommand(), a.undoCommand(), a.searchCommand(), a.inboxCommand(), a.queueCommand(), a.conflictsCommand(), a.trashCommand(),
		a.snapshotCommand(), a.importCommand(), a.exportCommand(), a.watchCommand(), a.serveCommand(), a.demoCommand(),
		a.configCommand(), a.doctorCommand(), a.completionCommand(), a.generateCommand(), a.versionCommand(),
	}
}
