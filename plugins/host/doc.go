// Package host launches plugins, keeps them running and calls them. go-plugin is used as what it is, a launcher: it
// starts a process, exchanges certificates and tells the address. Everything that keeps a login alive when a plugin
// misbehaves is here.
//
//	Run ─ one supervisor per instance:   pin → start → Describe → Configure → up ─┐
//	                                      ▲                                       │ exits, hangs or lies
//	                                      └──── back-off, or breaker open ◄───────┘
//
// A call waits for its instance for as long as the call's own deadline allows, is repeated once when the plugin went
// away, and its answer is checked against the contract before anybody acts on it.
//
// The threats: a plugin that crashes, hangs, floods, outlives its host, or was replaced on disk; a plugin that was taken
// over and claims a success for somebody else, or a strength it does not have; another local user who connects to a
// plugin in the host's place, or to the host in the plugin's.
//
// This package owns processes, connections, deadlines and checks. It does not own the contract (plugins/sdk), which
// methods a login needs, storage, sealing, or audit: it reports through the small interface Reporter.
package host
